//! The table of ratios as a picture: a row for each case, hostel's time as a share of each other runtime's, on a
//! logarithmic scale.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A heading and its rows.
pub struct Section {
    /// The heading.
    pub title: String,
    /// Rows: what was measured, hostel's time as a share of wasmtime's and of wasmi's.
    pub rows: Vec<(String, [Option<f64>; 2])>,
}

const ROW: i32 = 17;
const HEAD: i32 = 30;
const TOP: i32 = 66;
const WIDTH: u32 = 900;
/// Where the scale begins and ends, and the ratios that it goes from and to.
const SCALE: (i32, i32) = (270, 870);
const RANGE: (f64, f64) = (0.01, 32.0);
const COLORS: [RGBColor; 2] = [RGBColor(101, 79, 240), RGBColor(230, 126, 34)];
const GREY: RGBColor = RGBColor(140, 140, 140);

fn x(ratio: f64) -> i32 {
    let (low, high) = (RANGE.0.ln(), RANGE.1.ln());
    let share = (ratio.clamp(RANGE.0, RANGE.1).ln() - low) / (high - low);
    SCALE.0 + (share * f64::from(SCALE.1 - SCALE.0)) as i32
}

/// Draws the sections below a caption.
///
/// # Errors
///
/// A file that cannot be written.
pub fn draw(path: &Path, caption: &str, sections: &[Section]) -> Result<(), Box<dyn Error>> {
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    let height = TOP + rows as i32 * ROW + sections.len() as i32 * HEAD + 30;
    let root = SVGBackend::new(path, (WIDTH, height as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let text = |size: i32, color: RGBColor, horizontal| {
        ("sans-serif", size).into_font().color(&color).pos(Pos::new(horizontal, VPos::Center)).into_text_style(&root)
    };
    root.draw_text(
        "hostel's time ÷ the other's: left of the line at 1 is faster",
        &text(15, BLACK, HPos::Left),
        (12, 16),
    )?;
    root.draw_text(caption, &text(11, GREY, HPos::Left), (12, 34))?;
    for (index, name) in ["÷ wasmtime (Cranelift)", "÷ wasmi 2.0"].into_iter().enumerate() {
        let at = 520 + index as i32 * 190;
        root.draw(&Circle::new((at, 16), 4, COLORS[index].filled()))?;
        root.draw_text(name, &text(12, BLACK, HPos::Left), (at + 9, 16))?;
    }
    for ratio in [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0] {
        let (color, width) = if ratio == 1.0 { (BLACK, 2) } else { (RGBColor(215, 215, 215), 1) };
        root.draw(&PathElement::new([(x(ratio), TOP - 6), (x(ratio), height - 20)], color.stroke_width(width)))?;
        root.draw_text(&ratio.to_string(), &text(11, GREY, HPos::Center), (x(ratio), TOP - 13))?;
    }
    let mut y = TOP;
    for section in sections {
        root.draw_text(&section.title, &text(13, BLACK, HPos::Left), (12, y + HEAD / 2))?;
        y += HEAD;
        for (name, ratios) in &section.rows {
            let middle = y + ROW / 2;
            root.draw_text(name, &text(11, BLACK, HPos::Right), (SCALE.0 - 10, middle))?;
            let known: Vec<_> = ratios.iter().flatten().map(|&ratio| x(ratio)).collect();
            if let (Some(&left), Some(&right)) = (known.iter().min(), known.iter().max()) {
                root.draw(&PathElement::new(
                    [(left, middle), (right, middle)],
                    RGBColor(200, 200, 200).stroke_width(2),
                ))?;
            }
            for (ratio, color) in ratios.iter().zip(COLORS) {
                if let Some(ratio) = ratio {
                    root.draw(&Circle::new((x(*ratio), middle), 4, color.filled()))?;
                }
            }
            y += ROW;
        }
    }
    root.present()?;
    Ok(())
}
