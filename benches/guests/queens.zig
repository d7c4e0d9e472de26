//! Backtracking on bits: solutions of the problem of eight queens, on boards of five to nine.

fn place(all: u32, columns: u32, left: u32, right: u32) u32 {
    if (columns == all) return 1;
    var free = all & ~(columns | left | right);
    var count: u32 = 0;
    while (free != 0) {
        const bit = free & (~free +% 1);
        free ^= bit;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

export fn run(n: u32) u32 {
    var sum: u32 = 0;
    for (0..n) |round| {
        const side: u5 = @intCast(5 + round % 5);
        sum = (sum ^ place((@as(u32, 1) << side) - 1, 0, 0, 0)) *% 0x9e3779b1 +% (sum >> 15);
    }
    return sum;
}
