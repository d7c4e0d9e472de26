//! exit: ends with the code its argument names, any u32, through proc_exit itself.
//!
//! usage: exit [CODE]        CODE defaults to 0, decimal; anything else is exit code 2
//! No libc and no standard library: the import section holds the three functions declared here.

const wasi = struct {
    extern "wasi_snapshot_preview1" fn args_sizes_get(count: *u32, size: *u32) u16;
    extern "wasi_snapshot_preview1" fn args_get(pointers: [*][*:0]u8, text: [*]u8) u16;
    extern "wasi_snapshot_preview1" fn proc_exit(code: u32) noreturn;
};

const usage_code = 2;

var pointers: [16][*:0]u8 = undefined;
var text: [4096]u8 = undefined;

export fn _start() void {
    var count: u32 = 0;
    var size: u32 = 0;
    if (wasi.args_sizes_get(&count, &size) != 0) wasi.proc_exit(usage_code);
    if (count < 2) wasi.proc_exit(0);
    if (count > 2 or size > text.len) wasi.proc_exit(usage_code);
    if (wasi.args_get(&pointers, &text) != 0) wasi.proc_exit(usage_code);
    wasi.proc_exit(parse(pointers[1]) orelse usage_code);
}

fn parse(digits: [*:0]const u8) ?u32 {
    if (digits[0] == 0) return null;
    var value: u64 = 0;
    var i: usize = 0;
    while (digits[i] != 0) : (i += 1) {
        if (digits[i] < '0' or digits[i] > '9') return null;
        value = value * 10 + (digits[i] - '0');
        if (value > 0xffff_ffff) return null;
    }
    return @intCast(value);
}
