//! A cellular automaton: Conway's rules on a torus of 64×64 bytes, neighbours counted one by one.

const side = 64;

var board: [2][side * side]u8 = undefined;

fn step(from: *const [side * side]u8, to: *[side * side]u8) u32 {
    var alive: u32 = 0;
    for (0..side) |y| {
        const above = ((y + side - 1) % side) * side;
        const here = y * side;
        const below = ((y + 1) % side) * side;
        for (0..side) |x| {
            const left = (x + side - 1) % side;
            const right = (x + 1) % side;
            const around = from[above + left] + from[above + x] + from[above + right] + from[here + left] +
                from[here + right] + from[below + left] + from[below + x] + from[below + right];
            const cell: u8 = @intFromBool(around == 3 or (around == 2 and from[here + x] == 1));
            to[here + x] = cell;
            alive += cell;
        }
    }
    return alive;
}

export fn run(n: u32) u32 {
    var seed: u32 = 8;
    for (&board[0]) |*cell| {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        cell.* = @intFromBool(seed >> 30 == 0);
    }
    var sum: u32 = 0;
    for (0..n) |round| {
        const alive = step(&board[round & 1], &board[(round + 1) & 1]);
        sum = (sum ^ alive) *% 0x9e3779b1 +% (sum >> 15);
    }
    return sum;
}
