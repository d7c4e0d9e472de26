//! Trait objects, closures and matching on enums: expressions as trees, evaluated, simplified, turned into closures.

enum Expr {
    Constant(i32),
    Variable(usize),
    Binary(Op, Box<Expr>, Box<Expr>),
}

#[derive(Clone, Copy)]
enum Op {
    Add,
    Sub,
    Mul,
    Xor,
}

type Compiled = Box<dyn Fn(&[i32; 4]) -> i32>;

impl Op {
    fn apply(self, a: i32, b: i32) -> i32 {
        match self {
            Op::Add => a.wrapping_add(b),
            Op::Sub => a.wrapping_sub(b),
            Op::Mul => a.wrapping_mul(b),
            Op::Xor => a ^ b,
        }
    }
}

impl Expr {
    fn grow(next: &mut impl FnMut() -> u32, depth: u32) -> Expr {
        if depth == 0 {
            return if next() & 1 == 0 { Expr::Constant((next() >> 20) as i32) } else { Expr::Variable((next() >> 30) as usize) };
        }
        let op = [Op::Add, Op::Sub, Op::Mul, Op::Xor][(next() >> 30) as usize];
        Expr::Binary(op, Box::new(Expr::grow(next, depth - 1)), Box::new(Expr::grow(next, depth - 1)))
    }

    fn eval(&self, variables: &[i32; 4]) -> i32 {
        match self {
            Expr::Constant(value) => *value,
            Expr::Variable(index) => variables[*index],
            Expr::Binary(op, a, b) => op.apply(a.eval(variables), b.eval(variables)),
        }
    }

    fn simplify(self) -> Expr {
        let Expr::Binary(op, a, b) = self else { return self };
        match (a.simplify(), b.simplify()) {
            (Expr::Constant(a), Expr::Constant(b)) => Expr::Constant(op.apply(a, b)),
            (a, b) => Expr::Binary(op, Box::new(a), Box::new(b)),
        }
    }

    fn compile(self) -> Compiled {
        match self {
            Expr::Constant(value) => Box::new(move |_| value),
            Expr::Variable(index) => Box::new(move |variables| variables[index]),
            Expr::Binary(op, a, b) => {
                let (a, b) = (a.compile(), b.compile());
                Box::new(move |variables| op.apply(a(variables), b(variables)))
            }
        }
    }
}

#[no_mangle]
pub extern "C" fn run(n: u32) -> u32 {
    let mut sum = 0_u32;
    for round in 1..=n {
        let mut seed = round;
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed
        };
        let expr = Expr::grow(&mut next, 7);
        let variables = [0, 1, 2, 3].map(|_| next() as i32);
        let expected = expr.eval(&variables);
        let compiled = expr.simplify().compile();
        for step in 0..8 {
            let mut variables = variables;
            variables[0] ^= step;
            sum = (sum ^ compiled(&variables) as u32).wrapping_mul(0x9e37_79b1).wrapping_add(sum >> 15);
        }
        assert_eq!(compiled(&variables), expected);
    }
    sum
}
