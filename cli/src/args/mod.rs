//! The command line: what can be written, and what it says about itself.

mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::failure::Failure;
use crate::output;
pub(crate) use values::{Mount, Variable};

#[derive(Parser)]
#[command(name = "hostel", version, about = "Takes in WebAssembly guests that speak WASI preview1", after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  hostel run hello.wasm                       run a command
  hostel run --dir data::/data prog.wasm -v   ... that sees the directory data as /data, and gets -v
  hostel run --invoke add lib.wasm 2 40       call one function and print its results
  hostel inspect prog.wasm                    what a module imports, exports and needs
  hostel wast test.wast                       run a spec script

`hostel run --help` tells more.";

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a module: a command, or one function of it
    Run(Box<Run>),
    /// Show what a module imports, exports and needs
    Inspect(Inspect),
    /// Run scripts in the form of the specification's test suite
    Wast(Wast),
}

#[derive(Args)]
#[command(override_usage = "hostel run [OPTIONS] <FILE> [ARGS]...", after_help = RUN_EXAMPLES)]
pub(crate) struct Run {
    /// Give the guest a directory, there named GUEST (or as here); `ro`: read-only
    #[arg(long, value_name = "HOST[::GUEST[::ro]]", value_parser = values::mount())]
    pub dir: Vec<Mount>,
    /// Set a variable, or pass one on if it is set; of several with one name the last one counts
    #[arg(long, value_name = "NAME=VALUE|NAME", value_parser = values::variable())]
    pub env: Vec<Variable>,
    /// Argument 0, the guest's name for itself [default: the file's name]
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub argv0: Option<OsString>,
    /// Give the guest an argument, before ARGS; with --invoke, where ARGS are the function's, the only way to give it any
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    pub guest_args: Vec<OsString>,
    /// Call this exported function with ARGS and print its results, one per line
    #[arg(long, value_name = "FUNC", allow_hyphen_values = true)]
    pub invoke: Option<String>,
    /// What to do about imported functions that hostel does not have
    #[arg(long, value_name = "WHAT", default_value = "error")]
    pub unknown_imports: UnknownImports,
    /// Give the guest a socket that listens on this address
    #[arg(long, value_name = "ADDR:PORT")]
    pub tcplisten: Vec<String>,
    /// Print host calls on stderr: all, or of scopes args,clock,fs,poll,proc,random,sock
    #[arg(
        long, value_name = "SCOPES", num_args = 0..=1, require_equals = true, value_delimiter = ',',
        default_missing_value = "all", hide_possible_values = true
    )]
    pub trace: Vec<Scope>,
    /// Stop the guest after N units of fuel, about one per instruction
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,
    /// Stop the guest after this time, such as 200ms, 1s, 5min
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub timeout: Option<Duration>,
    /// The most that the guest's linear memories can grow to, together; K, M and G are KiB, MiB and GiB [default: 4G each, 16G
    /// together]
    #[arg(long, value_name = "BYTES", value_parser = values::bytes)]
    pub max_memory: Option<u64>,
    /// Say on stderr what the guest has used, when it has ended
    #[arg(long)]
    pub report: bool,
    /// Make the guest's random numbers repeatable
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Make a run repeatable: virtual time, seeded randomness (--seed, or 0), sorted listings, stable file numbers
    #[arg(long)]
    pub deterministic: bool,
    /// The module, binary or text, and after it the guest's arguments
    #[arg(value_name = "FILE", required = true, trailing_var_arg = true)]
    command: Vec<OsString>,
}

impl Run {
    /// The module's file.
    pub(crate) fn file(&self) -> &Path {
        self.command.first().map_or(Path::new(""), Path::new)
    }

    /// What stands after it.
    pub(crate) fn args(&self) -> &[OsString] {
        self.command.get(1..).unwrap_or_default()
    }
}

const RUN_EXAMPLES: &str = "\
Options come before FILE; everything after it goes to the guest, even what looks like an option.

Examples:
  hostel run cat.wasm <notes.txt                         stdin, stdout and stderr are the guest's
  hostel run --dir . --dir /etc::/etc::ro prog.wasm      two directories, one of them read-only
  hostel run --env LANG=C --env HOME prog.wasm           one variable set, one passed on
  hostel run --invoke add lib.wat 2 40                   prints 42
  hostel run --invoke main --arg -v lib.wat              calls main(), which sees the argument -v
  hostel run --timeout 2s --max-memory 64M prog.wasm     a guest that is not trusted with more
  hostel run --unknown-imports trap prog.wasm            a guest that may never call what is missing
  hostel run --trace=fs,clock prog.wasm                  path_open(fd=3, path=\"a\", ...) -> fd=4

Exit status: the guest's own, if it exits (0 to 255 as they are; of a larger one the low eight bits, and 1 should they
be 0). 1: a file, directory or module is not usable. 2: the command line is wrong. 124: the time or the fuel is spent.
134: the guest trapped.";

#[derive(Args)]
pub(crate) struct Inspect {
    /// The module, binary or text
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct Wast {
    /// The scripts
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// What becomes of functions that a module imports and that are not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum UnknownImports {
    /// Refuse the module
    Error,
    /// Run it until it calls one, which is a trap
    Trap,
}

/// A group of host functions, for `--trace`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Scope {
    /// Everything
    All,
    /// args_* and environ_*
    Args,
    /// clock_*
    Clock,
    /// fd_* and path_*
    Fs,
    /// poll_oneoff
    Poll,
    /// proc_* and sched_yield
    Proc,
    /// random_get
    Random,
    /// sock_*
    Sock,
}

/// Understands the arguments; `None` when they asked for help or the version, which then is printed.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Command>, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let error = match CommandLine::try_parse_from(&args) {
        Ok(line) => return Ok(Some(line.command)),
        Err(error) => error,
    };
    let text = error.render().to_string();
    let subcommand = args.get(1).and_then(|arg| arg.to_str()).filter(|arg| ["run", "inspect", "wast"].contains(arg));
    let command = subcommand.map_or("hostel".to_owned(), |subcommand| format!("hostel {subcommand}"));
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output::print(&text).map(|()| None),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Failure::usage("expected a subcommand: run, inspect or wast", &command))
        }
        _ => Err(Failure::usage(one_line(&text), &command)),
    }
}

/// The parser's message and its tip, if it has one, on one line.
fn one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let mut parts = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let message = parts.next().unwrap_or_default();
    // Its other tip, a `--` before the argument, is for commands of another kind.
    match parts.find(|part| part.starts_with("tip: a similar")) {
        Some(tip) => format!("{message}; {}", tip.trim_start_matches("tip: ")),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(args: &[&str]) -> Run {
        let args = ["hostel", "run"].iter().chain(args).map(OsString::from);
        match parse(args) {
            Ok(Some(Command::Run(run))) => *run,
            Ok(_) => panic!("expected the subcommand run"),
            Err(failure) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn everything_after_the_file_is_the_guests() {
        let run = run(&["--seed", "7", "a.wasm", "--seed", "8", "--", "-x", "--dir"]);
        assert_eq!(run.seed, Some(7));
        assert_eq!(run.file(), Path::new("a.wasm"));
        assert_eq!(run.args(), ["--seed", "8", "--", "-x", "--dir"]);
    }

    #[test]
    fn trace_takes_its_scopes_only_with_an_equals_sign() {
        assert_eq!(run(&["--trace", "a.wasm", "fs"]).trace, [Scope::All]);
        assert_eq!(run(&["--trace=fs,clock", "a.wasm"]).trace, [Scope::Fs, Scope::Clock]);
        assert_eq!(run(&["a.wasm"]).trace, []);
    }

    #[test]
    fn the_grammar_is_consistent() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }
}
