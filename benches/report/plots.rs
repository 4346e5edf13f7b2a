//! How the cost grows, as pictures.

use std::error::Error;

use plotters::prelude::*;

use crate::figures::Figures;

pub(crate) struct Plot {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) svg: String,
}

/// A line: its name and its points.
type Line = (&'static str, Vec<(f64, f64)>);

pub(crate) fn all(figures: &Figures) -> Result<Vec<Plot>, Box<dyn Error>> {
    let criterion = |group: &str, function: &'static str| -> Line {
        let points = figures.group(group).filter(|(name, _, _)| *name == function);
        (
            function,
            sorted(points.filter_map(|(_, value, ns)| Some((value.parse().ok()?, ns / 1e3))).collect()),
        )
    };
    let by_size = |figures: &Figures| -> Line {
        let rows = figures.rows.iter().filter(|row| row.group == "memory by size");
        ("claim", sorted(rows.filter_map(|row| Some((row.name.parse().ok()?, row.get("ns")?))).collect()))
    };
    let by_threads = |name: &'static str| -> Line {
        let at = |threads: u8| figures.figure(&format!("memory, {threads} threads"), name, "millions_per_s");
        let points = [1_u8, 2, 4].into_iter().filter_map(|count| Some((f64::from(count), at(count)?)));
        (name, points.collect())
    };
    [
        (
            "caveats",
            "Verifying a token, by number of caveats",
            ["caveats", "µs"],
            false,
            vec![criterion("verify", "floor"), criterion("verify", "given key")],
        ),
        (
            "caveat-bytes",
            "Verifying a token of three caveats, by their size",
            ["bytes a caveat", "µs"],
            false,
            vec![
                criterion("verify by bytes of a caveat", "floor"),
                criterion("verify by bytes of a caveat", "given key"),
            ],
        ),
        (
            "store-size",
            "Claiming a use, by tokens in the store",
            ["tokens", "ns"],
            true,
            vec![by_size(figures)],
        ),
        (
            "threads",
            "Claims in memory, by threads",
            ["threads", "millions a second of CPU time"],
            false,
            vec![
                by_threads("claim, new tokens"),
                by_threads("claim, used tokens"),
                by_threads("`Mutex<HashMap>`, insert"),
            ],
        ),
    ]
    .into_iter()
    .map(|(name, title, axes, is_logarithmic, lines)| {
        Ok(Plot { name, title, svg: draw(title, axes, is_logarithmic, &lines)? })
    })
    .collect()
}

fn sorted(mut points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    points
}

fn draw(
    title: &str,
    [x, y]: [&str; 2],
    is_logarithmic: bool,
    lines: &[Line],
) -> Result<String, Box<dyn Error>> {
    let place = |value: f64| if is_logarithmic { value.log10() } else { value };
    let points = || lines.iter().flat_map(|(_, points)| points);
    let right = points().map(|(x, _)| place(*x)).fold(1.0, f64::max);
    let left = if is_logarithmic { points().map(|(x, _)| place(*x)).fold(right, f64::min) } else { 0.0 };
    let top = points().map(|(_, y)| *y).fold(0.0, f64::max) * 1.1;
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (720, 400)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(44)
            .y_label_area_size(64)
            .build_cartesian_2d(left..right, 0.0..top.max(1e-9))?;
        let label = |value: &f64| format!("{:.0}", if is_logarithmic { 10_f64.powf(*value) } else { *value });
        chart.configure_mesh().x_desc(x).y_desc(y).x_labels(8).x_label_formatter(&label).draw()?;
        for (place_in_list, (name, points)) in lines.iter().enumerate() {
            let colour = Palette99::pick(place_in_list).to_rgba();
            let placed: Vec<_> = points.iter().map(|(x, y)| (place(*x), *y)).collect();
            chart
                .draw_series(LineSeries::new(placed.clone(), colour.stroke_width(2)))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            chart.draw_series(placed.into_iter().map(|at| Circle::new(at, 3, colour.filled())))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.8))
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}
