//! A QR code as inline SVG.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// The light border that a scanner needs, in modules (ISO 18004 section 9.1).
const QUIET: usize = 4;

/// Draws `text` as one path of dark runs; `None` if it is too long for a QR code.
pub(super) fn svg(text: &str) -> Option<String> {
    // The screen that shows it has no scratches: the lowest error correction makes the largest modules.
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let (width, modules) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut svg = format!(
        r##"<svg viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" aria-label="QR code of the invoice"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path stroke="#000" d=""##
    );
    for (row, line) in modules.chunks(width).enumerate() {
        write_row(&mut svg, row, line);
    }
    svg.push_str(r#""/></svg>"#);
    Some(svg)
}

/// One absolute move, then runs and gaps: `M4 4.5h7m1 0h3`. The line is one module wide, so its middle is half a
/// module down.
fn write_row(svg: &mut String, row: usize, line: &[Color]) {
    let (mut column, mut pen) = (QUIET, None);
    for run in line.chunk_by(PartialEq::eq) {
        if run.first() == Some(&Color::Dark) {
            // Writing to a string does not fail.
            let _ = match pen {
                None => write!(svg, "M{column} {}.5h{}", row + QUIET, run.len()),
                Some(end) => write!(svg, "m{} 0h{}", column - end, run.len()),
            };
            pen = Some(column + run.len());
        }
        column += run.len();
    }
}
