//! clock: asks for times, resolutions and random bytes, and prints what must hold of them, never the values.
//!
//! usage: clock              one `claim: yes | no` per line; exit code 1 when any is no
//!        clock random       16 random bytes in hexadecimal, to see a seed at work
//! No libc and no standard library: the import section holds the functions declared here.

const wasi = struct {
    extern "wasi_snapshot_preview1" fn args_sizes_get(count: *u32, size: *u32) u16;
    extern "wasi_snapshot_preview1" fn clock_res_get(id: u32, resolution: *u64) u16;
    extern "wasi_snapshot_preview1" fn clock_time_get(id: u32, precision: u64, time: *u64) u16;
    extern "wasi_snapshot_preview1" fn random_get(buffer: [*]u8, length: u32) u16;
    extern "wasi_snapshot_preview1" fn fd_write(fd: u32, iovs: *const Ciovec, count: u32, written: *u32) u16;
    extern "wasi_snapshot_preview1" fn proc_exit(code: u32) noreturn;
};

const Ciovec = extern struct { pointer: [*]const u8, length: u32 };

const realtime = 0;
const monotonic = 1;
const year_2020: u64 = 1_577_836_800_000_000_000;

/// A clock that stands still must not hang us.
const patience = 1_000_000;

var failed = false;

export fn _start() void {
    var count: u32 = 0;
    var size: u32 = 0;
    if (wasi.args_sizes_get(&count, &size) == 0 and count > 1) {
        print_random();
        return;
    }
    claim("realtime is after 2020", (time(realtime) orelse 0) > year_2020);
    claim("realtime has a resolution", (resolution(realtime) orelse 0) > 0);
    claim("monotonic has a resolution", (resolution(monotonic) orelse 0) > 0);
    claim("monotonic advanced", advances());
    claim("monotonic never went back", never_goes_back());
    claim("an empty draw is fine", wasi.random_get(&first, 0) == 0);
    claim("random bytes are drawn", draw(&first) and draw(&second));
    claim("two draws differ", differ(&first, &second));
    claim("a draw is filled to its end", differ(first[first.len - 32 ..], &zeros));
    if (failed) wasi.proc_exit(1);
}

fn time(id: u32) ?u64 {
    var value: u64 = 0;
    return if (wasi.clock_time_get(id, 1, &value) == 0) value else null;
}

fn resolution(id: u32) ?u64 {
    var value: u64 = 0;
    return if (wasi.clock_res_get(id, &value) == 0) value else null;
}

fn advances() bool {
    const start = time(monotonic) orelse return false;
    for (0..patience) |_| {
        if ((time(monotonic) orelse return false) > start) return true;
    }
    return false;
}

fn never_goes_back() bool {
    var last = time(monotonic) orelse return false;
    for (0..1000) |_| {
        const now = time(monotonic) orelse return false;
        if (now < last) return false;
        last = now;
    }
    return true;
}

var first: [4096]u8 = @splat(0);
var second: [4096]u8 = @splat(0);
const zeros: [32]u8 = @splat(0);

fn draw(buffer: []u8) bool {
    return wasi.random_get(buffer.ptr, buffer.len) == 0;
}

fn differ(a: []const u8, b: []const u8) bool {
    for (a, b) |x, y| {
        if (x != y) return true;
    }
    return false;
}

fn print_random() void {
    var line: [33]u8 = undefined;
    if (!draw(first[0..16])) wasi.proc_exit(1);
    for (first[0..16], 0..) |byte, i| {
        line[2 * i] = "0123456789abcdef"[byte >> 4];
        line[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
    line[32] = '\n';
    print(&line);
}

fn claim(what: []const u8, holds: bool) void {
    print(what);
    print(if (holds) ": yes\n" else ": no\n");
    if (!holds) failed = true;
}

fn print(text: []const u8) void {
    var written: u32 = 0;
    const iov = Ciovec{ .pointer = text.ptr, .length = text.len };
    if (wasi.fd_write(1, &iov, 1, &written) != 0) wasi.proc_exit(1);
}
