//! The chart: a bar for each row, as long as our share of tokio's time.
//!
//! It brings its own style, for light pages and for dark ones, and needs no font but the reader's.

use std::fmt::Write;

use benches::machine;
use benches::sides::Who;

use crate::Result;
use crate::measure::Ratio;
use crate::report;

const WIDTH: f64 = 900.0;
/// Where the bars begin.
const LEFT: f64 = 390.0;
const RIGHT: f64 = 840.0;
const TOP: f64 = 86.0;
const ROW: f64 = 21.0;
const BAR: f64 = 12.0;
/// A longer bar is cut here, and says so by its number.
const LONGEST: f64 = 4.0;

const STYLE: &str = "
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #57606a; }
  .number { font-variant-numeric: tabular-nums; }
  .less { fill: #2f6f9f; }
  .more { fill: #b3672b; }
  .local { fill-opacity: 0.55; }
  .grid { stroke: #d0d7de; }
  .one { stroke: #24292f; stroke-width: 1.5; }
  .spread { stroke: #24292f; stroke-opacity: 0.7; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .less { fill: #6cb6e8; }
    .more { fill: #e0a06a; }
    .grid { stroke: #3d444d; }
    .one, .spread { stroke: #e6edf3; }
  }
";

/// The chart as a file.
pub fn svg(results: &[Result]) -> String {
    let rows: Vec<_> = report::rows(results)
        .map(|(label, who, _, ratio)| (label, who, ratio))
        .collect();
    let longest = rows
        .iter()
        .map(|(_, _, ratio)| ratio.value)
        .fold(1.0, f64::max);
    let axis = Axis {
        end: ((longest * 4.0).ceil() / 4.0).clamp(1.25, LONGEST),
        bottom: TOP + ROW * rows.len() as f64 + 4.0,
    };
    let mut picture = Picture::begin(axis.bottom + 34.0);
    picture.heading();
    picture.grid(&axis);
    for (number, (label, who, ratio)) in rows.iter().enumerate() {
        picture.row(&axis, TOP + ROW * number as f64, label, *who, *ratio);
    }
    picture.one(&axis);
    picture.end()
}

struct Axis {
    end: f64,
    bottom: f64,
}

impl Axis {
    fn x(&self, ratio: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * ratio.min(self.end) / self.end
    }
}

struct Picture(String);

impl Picture {
    fn begin(height: f64) -> Self {
        let mut picture = Picture(String::new());
        picture.line(format_args!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-labelledby="title desc">"#
        ));
        picture.line(format_args!(
            r#"<title id="title">send-none against tokio</title>"#
        ));
        picture.line(format_args!(
            r#"<desc id="desc">For each operation a bar: the time that send-none needs, as a part of the time that tokio's current-thread runtime needs. Left of the line at 1, send-none needs less.</desc>"#
        ));
        picture.line(format_args!("<style>{STYLE}</style>"));
        picture
    }

    fn heading(&mut self) {
        self.text(
            16.0,
            26.0,
            "title",
            "start",
            "Time needed, where tokio needs 1",
        );
        self.text(16.0, 46.0, "quiet", "start", &machine::describe());
        let key =
            "shorter is faster; thin line: half of the rounds; pale: against tokio's LocalSet";
        self.text(16.0, 63.0, "quiet", "start", key);
    }

    fn grid(&mut self, axis: &Axis) {
        let step = if axis.end > 2.0 { 0.5 } else { 0.25 };
        let mut at = 0.0;
        while at <= axis.end {
            let x = axis.x(at);
            self.line(format_args!(
                r#"<line class="grid" x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}"/>"#,
                TOP - 4.0,
                axis.bottom
            ));
            let label = if at == 1.0 {
                "1 = tokio".to_owned()
            } else {
                at.to_string()
            };
            self.text(x, axis.bottom + 18.0, "quiet", "middle", &label);
            at += step;
        }
    }

    fn row(&mut self, axis: &Axis, top: f64, label: &str, who: Who, ratio: Ratio) {
        let middle = top + ROW / 2.0;
        let local = who == Who::Local;
        let label = if local {
            format!("{label} (LocalSet)")
        } else {
            label.to_owned()
        };
        self.text(LEFT - 8.0, middle + 4.0, "", "end", &label);
        let class = if ratio.value <= 1.0 { "less" } else { "more" };
        let pale = if local { " local" } else { "" };
        self.line(format_args!(
            r#"<rect class="{class}{pale}" x="{LEFT}" y="{:.1}" width="{:.1}" height="{BAR}" rx="2"/>"#,
            middle - BAR / 2.0,
            axis.x(ratio.value) - LEFT
        ));
        let (low, high) = (axis.x(ratio.spread.0), axis.x(ratio.spread.1));
        self.line(format_args!(
            r#"<line class="spread" x1="{low:.1}" y1="{middle:.1}" x2="{high:.1}" y2="{middle:.1}"/>"#
        ));
        let number = format!("{:.2}", ratio.value);
        self.text(WIDTH - 16.0, middle + 4.0, "number", "end", &number);
    }

    /// Over the bars.
    fn one(&mut self, axis: &Axis) {
        let x = axis.x(1.0);
        self.line(format_args!(
            r#"<line class="one" x1="{x:.1}" y1="{:.1}" x2="{x:.1}" y2="{:.1}"/>"#,
            TOP - 4.0,
            axis.bottom
        ));
    }

    fn text(&mut self, x: f64, y: f64, class: &str, anchor: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.line(format_args!(
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a String takes all");
    }

    fn end(mut self) -> String {
        self.0 += "</svg>\n";
        self.0
    }
}
