//! Where the suite's wording and ours differ.
//!
//! A script says with which words a module is refused or a call traps: the beginning of what the specification's own
//! interpreter prints. The engine's words come from `wasmparser`, from the text parser `wast`, or from itself. A message
//! is accepted when it contains the expected words, or one of the texts that stand beside them in [`EQUIVALENTS`].
//! So a module that is refused for quite another reason does not pass.

/// What the suite expects, and texts of ours that mean the same.
///
/// Three things make most of the list. The suite was written against a parser that reads strictly from left to right,
/// while `wasmparser` first takes a section, or a length, as a whole: what is "unexpected end of section" or "length out
/// of bounds" to the one is the end of the file to the other. Later versions of the suite reworded what earlier ones
/// expect. And the text parser says what it would have taken where the suite only says that a token is unknown.
pub const EQUIVALENTS: &[(&str, &[&str])] = &[
    // Traps: the suite adds the element's index.
    ("uninitialized element 2", &["uninitialized element"]),
    ("uninitialized element 7", &["uninitialized element"]),
    // Binary format: where a section or the file ends.
    ("unexpected end", &["the file is empty", "magic header not detected", "control frames remain at end"]),
    (
        "unexpected end of section or function",
        &["unexpected end-of-file", "control frames remain at end", "unknown label: branch depth too large"],
    ),
    ("section size mismatch", &["control frames remain at end", "unexpected end-of-file"]),
    ("END opcode expected", &["control frames remain at end"]),
    ("illegal opcode", &["unexpected end-of-file", "constant expression required: non-constant operator"]),
    ("illegal opcode ff", &["illegal opcode: 0xff"]),
    ("length out of bounds", &["unexpected end-of-file", "expected section, got wasm magic number"]),
    // Binary format: order and agreement of sections.
    ("junk after last section", &["section out of order"]),
    ("unexpected content after last section", &["section out of order", "have inconsistent lengths"]),
    ("multiple start sections", &["section out of order"]),
    ("invalid section id", &["malformed section id"]),
    ("malformed section id", &["unexpected end-of-file"]),
    (
        "function and code section have inconsistent lengths",
        &[
            "function section is absent but code section has non-zero count",
            "function section has non-zero count but code section is absent",
        ],
    ),
    ("data count and data section have inconsistent lengths", &["data count is non-zero but data section is absent"]),
    // Binary format: integers, types and flags.
    (
        "integer representation too long",
        &["unexpected end-of-file", "limits flags", "invalid leading byte (0xe0) for type"],
    ),
    ("integer too large", &["unexpected end-of-file", "limits flags"]),
    ("i32 constant", &["invalid var_u32: integer too large"]),
    ("i32 constant out of range", &["invalid var_u32: integer too large"]),
    ("invalid value type", &["unexpected end-of-file"]),
    ("invalid mutability", &["malformed global flags", "shared globals require", "unexpected end-of-file"]),
    ("malformed mutability", &["malformed global flags", "shared globals require"]),
    ("malformed import kind", &["for external kind", "unexpected end-of-file"]),
    ("malformed memop flags", &["invalid memop alignment", "malformed memop"]),
    ("malformed limits flags", &["limits flags", "unexpected end-of-file"]),
    ("zero byte expected", &["unknown memory 1"]),
    ("zero flag expected", &["zero byte expected"]),
    ("malformed elements segment kind", &["unexpected end-of-file"]),
    ("invalid UTF-8 encoding", &["malformed UTF-8 encoding"]),
    // Validation.
    ("memory size must be at most 65536 pages (4GiB)", &["memory size must be at most 0x10000 65536-byte pages"]),
    (
        "type mismatch: instruction requires [i32] but stack has []",
        &["type mismatch: expected i32 but nothing on stack"],
    ),
    ("type mismatch: instruction requires [i32] but stack has [i64]", &["type mismatch: expected i32, found i64"]),
    ("immutable global", &["global is immutable"]),
    ("unknown global", &["constant expression required: global.get of locally defined global"]),
    ("invalid lane index", &["SIMD index out of bounds"]),
    // Text format.
    ("illegal character", &["unexpected character"]),
    ("unclosed string", &["unexpected end-of-file"]),
    ("empty identifier", &["invalid character in string"]),
    ("empty annotation id", &["invalid character in string"]),
    (
        "unknown operator",
        &[
            "expected a float",
            "expected a i8",
            "expected a i16",
            "expected a i32",
            "expected a i64",
            "u64 constant out of range",
            "expected `(`",
            "expected an instruction",
            "expected an index or an identifier",
            "expected valid module field",
        ],
    ),
    (
        "unexpected token",
        &[
            "expected a float",
            "expected a i32",
            "expected a i64",
            "expected a lane index",
            "expected `(`",
            "extra tokens remaining after parse",
            "legacy_exceptions feature required",
            // Where the older exception instructions are turned on.
            "found outside `LegacyTry` block",
        ],
    ),
    ("malformed lane index", &["expected a u8", "invalid u8 number: constant out of range"]),
    ("invalid lane length", &["expected a u8", "expected an instruction"]),
    ("i64 constant out of range", &["invalid u64 number: constant out of range"]),
    (
        "i8 constant out of range",
        &["malformed lane index", "expected a u8", "invalid u8 number: constant out of range"],
    ),
    (
        "wrong number of lane literals",
        &[
            "expected a float",
            "expected a i8",
            "expected a i16",
            "expected a i32",
            "expected a i64",
            "expected an instruction",
            "invalid i32 number: constant out of range",
        ],
    ),
    ("unknown operator anyfunc", &["unexpected token, expected one of"]),
    ("unknown operator current_memory", UNKNOWN),
    ("unknown operator f32x4.convert_s/i32x4", UNKNOWN),
    ("unknown operator get_global", UNKNOWN),
    ("unknown operator get_local", UNKNOWN),
    ("unknown operator grow_memory", UNKNOWN),
    ("unknown operator i32.trunc_s:sat/f32", UNKNOWN),
    ("unknown operator i32.wrap/i64", UNKNOWN),
    ("unknown operator set_global", UNKNOWN),
    ("unknown operator set_local", UNKNOWN),
    ("unknown operator tee_local", UNKNOWN),
];

/// The text parser does not repeat a word that is no instruction.
const UNKNOWN: &[&str] = &["unknown operator or unexpected token"];

/// Whether the message `found` is one that `expected` stands for.
///
/// ```
/// use hostel_cli::wast::messages::accepts;
/// assert!(accepts("type mismatch", "type mismatch: expected i32, found i64 (at offset 0x20)"));
/// assert!(accepts("invalid section id", "malformed section id: 36 (at offset 0x31)"));
/// assert!(!accepts("type mismatch", "unknown local 3"));
/// ```
pub fn accepts(expected: &str, found: &str) -> bool {
    let equivalents = EQUIVALENTS.iter().filter(|(text, _)| *text == expected);
    found.contains(expected) || equivalents.flat_map(|(_, ours)| *ours).any(|text| found.contains(text))
}
