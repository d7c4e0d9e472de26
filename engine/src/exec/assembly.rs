//! Every handler of the tail backend continues by a jump: read off the machine code of this very test binary.
//!
//! A handler that continued by a call would keep a native frame for each instruction that a guest runs. What is asked of
//! a handler, and of the functions that it jumps to in turn:
//!
//! - it jumps to the next handler, unless its row always ends the chain;
//! - it calls nobody through a pointer: that could be the next handler. Who calls host functions does so, and then must
//!   not return, as whatever it does afterwards is a jump;
//! - it calls no function that itself jumps to a next handler.
//!
//! Only optimised builds have the tail backend, and only `objdump` (binutils) reads code; without it the test says so.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::process::Command;

use super::backend::Tail;
use super::handlers;
use crate::code::{Op, Row, VARIANTS};

/// Rows whose handlers only end the chain.
const ENDING: [&str; 3] = ["Halt", "Unreachable", "AtomicWait"];

/// Functions that call host functions, which are known by pointer only.
const CALLERS: [&str; 3] = ["call_import", "call_other", "return_call_host"];

struct Function {
    name: String,
    code: Vec<Instruction>,
}

struct Instruction {
    address: usize,
    mnemonic: String,
    operand: String,
}

impl Instruction {
    fn is_call(&self) -> bool {
        self.mnemonic.starts_with("call")
    }

    fn is_jump(&self) -> bool {
        self.mnemonic.starts_with('j') || self.mnemonic.starts_with("notrack jmp")
    }

    /// The address that a direct call or jump names.
    fn target(&self) -> Option<usize> {
        usize::from_str_radix(self.operand.split_whitespace().next()?, 16).ok()
    }

    /// Through a register or memory, but not through the table of another library's functions.
    fn is_indirect(&self) -> bool {
        self.operand.starts_with('*') && !self.operand.contains("%rip")
    }
}

/// The functions of this binary by address.
struct Code(BTreeMap<usize, Function>);

impl Code {
    /// `None` when there is no `objdump`.
    fn read() -> Option<Code> {
        let binary = fs::read_link("/proc/self/exe").expect("this test runs on Linux");
        let output = Command::new("objdump").args(["-d", "--no-show-raw-insn", "-w"]).arg(&binary).output().ok()?;
        assert!(output.status.success(), "objdump: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        let mut functions = BTreeMap::new();
        let mut start = 0;
        for line in text.lines() {
            if let Some((address, name)) = line.strip_suffix(">:").and_then(|line| line.split_once(" <")) {
                start = usize::from_str_radix(address, 16).expect("an address");
                functions.insert(start, Function { name: name.to_owned(), code: Vec::new() });
            } else if let Some((address, text)) = line.split_once(":\t")
                && let Ok(address) = usize::from_str_radix(address.trim(), 16)
                && let Some(function) = functions.get_mut(&start)
            {
                let text = text.trim_start_matches("notrack ").trim_start_matches("bnd ");
                let (mnemonic, operand) = text.split_once(' ').unwrap_or((text, ""));
                let (mnemonic, operand) = (mnemonic.to_owned(), operand.trim().to_owned());
                function.code.push(Instruction { address, mnemonic, operand });
            }
        }
        Some(Code(functions))
    }

    /// The function that an address is in, with its start.
    fn around(&self, address: usize) -> Option<(usize, &Function)> {
        self.0.range(..=address).next_back().map(|(&start, function)| (start, function))
    }

    /// Functions that this one jumps to.
    fn jumps(&self, start: usize) -> impl Iterator<Item = usize> + '_ {
        let jumps = self.0[&start].code.iter().filter(|instruction| instruction.is_jump());
        let targets = jumps.filter_map(Instruction::target).filter_map(|target| self.around(target));
        targets.map(|(start, _)| start).filter(move |&other| other != start)
    }

    /// The function itself, and all that it jumps to directly, and so on.
    fn chain(&self, start: usize) -> HashSet<usize> {
        let (mut seen, mut open) = (HashSet::from([start]), vec![start]);
        while let Some(function) = open.pop() {
            for next in self.jumps(function) {
                if self.is_ours(next) && seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen
    }

    fn is_ours(&self, start: usize) -> bool {
        let name = &self.0[&start].name;
        name.contains("hostel_engine") && name.contains("exec")
    }

    /// Whether the function has a jump to whatever handler comes next.
    fn continues(&self, start: usize) -> bool {
        let code = &self.0[&start].code;
        code.iter().enumerate().any(|(at, instruction)| {
            instruction.is_jump() && instruction.is_indirect() && !is_table_jump(&code[..at], &instruction.operand)
        })
    }
}

/// Whether a jump through a register is a `match` within the function: its address was added to that of a table.
fn is_table_jump(before: &[Instruction], operand: &str) -> bool {
    let register = operand.trim_start_matches('*');
    let written = before.iter().rev().find(|instruction| instruction.operand.ends_with(&format!(",{register}")));
    written.is_some_and(|instruction| instruction.mnemonic.starts_with("add"))
}

/// Where this binary lies in memory.
fn base() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").expect("this test runs on Linux");
    let binary = fs::read_link("/proc/self/exe").expect("this test runs on Linux");
    let first = maps.lines().find(|line| line.ends_with(binary.to_str().expect("a path in UTF-8")));
    let (start, _) = first.and_then(|line| line.split_once('-')).expect("this binary is mapped");
    usize::from_str_radix(start, 16).expect("an address")
}

#[test]
fn every_handler_continues_by_a_jump() {
    let Some(code) = Code::read() else {
        eprintln!("skipped: there is no objdump (binutils) to read machine code with");
        return;
    };
    if code.0.values().any(|function| function.name.contains("__asan_") || function.name.contains("__tsan_")) {
        eprintln!("skipped: a sanitizer adds to the code, and takes some jumps from it");
        return;
    }
    let base = base();
    let mut wrong = Vec::new();
    let mut handlers = HashSet::new();
    for &row in Row::ALL {
        for variant in 0..VARIANTS {
            let op = Op::new(row, variant as u16);
            if handlers::exists(op) {
                handlers.insert((format!("{row:?}"), handlers::of::<Tail>(op) as usize - base));
            }
        }
    }
    let starts: HashSet<usize> = handlers.iter().map(|&(_, start)| start).collect();
    let mut all = HashSet::new();
    for (row, start) in &handlers {
        let Some(function) = code.0.get(start) else {
            wrong.push(format!("{row}: no symbol at {start:x}"));
            continue;
        };
        let chain = code.chain(*start);
        if !ENDING.contains(&&**row) && !chain.iter().any(|&function| code.continues(function)) {
            wrong.push(format!("{row}: {} does not jump to a next handler", function.name));
        }
        all.extend(chain);
    }
    for &start in &all {
        let function = &code.0[&start];
        let name = &function.name;
        let mut calls_host = false;
        for instruction in function.code.iter().filter(|instruction| instruction.is_call()) {
            if instruction.is_indirect() {
                calls_host = true;
            }
            let called = instruction.target().and_then(|target| code.around(target));
            if let Some((called, callee)) = called.filter(|&(called, _)| code.is_ours(called)) {
                let continues = starts.contains(&called) || code.chain(called).iter().any(|&f| code.continues(f));
                // A function of this crate that is no part of the handlers may `match` in ways not known here.
                if continues && callee.name.contains("handlers") {
                    wrong.push(format!("{name} calls {} at {:x}", callee.name, instruction.address));
                }
            }
        }
        let returns = function.code.iter().any(|instruction| instruction.mnemonic.starts_with("ret"));
        if calls_host && (!CALLERS.iter().any(|caller| name.contains(caller)) || returns && code.continues(start)) {
            wrong.push(format!("{name} calls through a pointer"));
        }
    }
    println!("{} handlers, {} functions", starts.len(), all.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(starts.len() > 1000, "only {} handlers were found", starts.len());
}
