//! Graphs over time: numbers sent, window and flight, round trips. Each comes with its readings, from which a table is
//! made, so that nobody needs to see it.

mod axis;

use maud::{Markup, html};

use crate::catalogue::Word;
use crate::model::connection::Connection;
use crate::model::end::Side;
use crate::voices::{Said, Voices};
use crate::words::seconds;

use super::text;
use axis::Axis;

/// A graph and what it shows.
pub(crate) struct Chart {
    /// The id that its title has on a page.
    pub(crate) id: String,
    /// What it is of.
    pub(crate) title: Vec<Said>,
    /// What its columns are called.
    pub(crate) columns: Vec<Vec<Said>>,
    /// Its readings, a row each.
    pub(crate) readings: Vec<Reading>,
    /// The drawing.
    pub(crate) drawing: Markup,
}

/// A row of its table.
pub(crate) struct Reading {
    pub(crate) frame: u64,
    pub(crate) cells: Vec<String>,
}

/// How a series is drawn; each differs from the others in form, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Dots,
    Squares,
    Crosses,
    Steps,
    DashedSteps,
}

/// Points over time, nanoseconds and a value.
struct Series {
    mark: Mark,
    name: Vec<Said>,
    points: Vec<(u64, f64)>,
}

/// The graphs of a connection; those that would be empty are left out.
pub(crate) fn charts(voices: &Voices<'_>) -> Vec<Chart> {
    let sending = Side::BOTH.into_iter().filter(|side| octets(voices.connection(), *side) > 0);
    // Where one end has hardly said anything, its graph says hardly anything either.
    let most = Side::BOTH.map(|side| octets(voices.connection(), side)).into_iter().max().unwrap_or(0);
    let sending: Vec<_> = sending.filter(|side| octets(voices.connection(), *side) * 20 >= most).collect();
    let mut charts: Vec<Chart> = sending.iter().filter_map(|side| numbers(voices, *side)).collect();
    charts.extend(sending.iter().filter_map(|side| flight(voices, *side)));
    charts.extend(round_trips(voices));
    charts
}

fn octets(connection: &Connection, side: Side) -> u64 {
    connection.steps.iter().filter(|step| step.from == side).map(|step| u64::from(step.len)).sum()
}

/// Sequence numbers over time, with the acknowledgments that follow them.
fn numbers(voices: &Voices<'_>, side: Side) -> Option<Chart> {
    let (mut new, mut again, mut acks, mut readings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for step in &voices.connection().steps {
        let at = step.at.as_nanos();
        if step.from == side && step.len > 0 {
            let end = step.relative.0.wrapping_add(step.len);
            let resent = step.marks.is_resent_or_late();
            (if resent { &mut again } else { &mut new }).push((at, f64::from(end)));
            let mark = if resent { "×" } else { "" };
            let cells = vec![seconds(step.at, 6), end.to_string(), mark.to_owned()];
            readings.push(Reading { frame: step.frame, cells });
        } else if step.from != side && step.flags.ack() && !step.flags.rst() {
            acks.push((at, f64::from(step.relative.1)));
        }
    }
    let name = |word| voices.say(|words| words.catalogue.word(word));
    let series = vec![
        Series { mark: Mark::Steps, name: name(Word::Acknowledged), points: acks },
        Series { mark: Mark::Dots, name: name(Word::NewData), points: new },
        Series { mark: Mark::Crosses, name: name(Word::ResentData), points: again },
    ];
    let title = voices.say(|words| words.about(Word::NumbersOverTime, side));
    let columns = [Word::Time, Word::NextNumber, Word::ResentData].map(name).to_vec();
    let id = format!("numbers{}-{}", voices.connection().number, side.index());
    chart(voices, id, title, columns, readings, &series, axis::count)
}

/// Octets in flight, below the window of the other end.
fn flight(voices: &Voices<'_>, side: Side) -> Option<Chart> {
    let (mut flight, mut window, mut readings) = (Vec::new(), Vec::new(), Vec::new());
    for step in &voices.connection().steps {
        let at = step.at.as_nanos();
        let mut cells = [seconds(step.at, 6), String::new(), String::new()];
        match (step.from == side, step.in_flight, step.window_octets) {
            (true, Some(octets), _) => {
                flight.push((at, f64::from(octets)));
                cells[1] = octets.to_string();
            }
            (false, _, Some(octets)) if !step.flags.rst() => {
                window.push((at, f64::from(octets)));
                cells[2] = octets.to_string();
            }
            _ => continue,
        }
        readings.push(Reading { frame: step.frame, cells: cells.to_vec() });
    }
    if flight.is_empty() {
        return None;
    }
    let name = |word| voices.say(|words| words.catalogue.word(word));
    let series = vec![
        Series { mark: Mark::DashedSteps, name: name(Word::Window), points: window },
        Series { mark: Mark::Dots, name: name(Word::InFlight), points: flight },
    ];
    let title = voices.say(|words| words.about(Word::FlightOverTime, side));
    let columns = [Word::Time, Word::InFlight, Word::Window].map(name).to_vec();
    let id = format!("flight{}-{}", voices.connection().number, side.index());
    chart(voices, id, title, columns, readings, &series, axis::octets)
}

/// Round trips over time, by the end that acknowledged.
fn round_trips(voices: &Voices<'_>) -> Option<Chart> {
    let mut points = [Vec::new(), Vec::new()];
    let mut readings = Vec::new();
    for step in &voices.connection().steps {
        let Some(rtt) = step.ack_rtt else { continue };
        let ms = rtt.as_nanos() as f64 / 1e6;
        points[step.from.index()].push((step.at.as_nanos(), ms));
        let by = voices.first().end(step.from);
        readings
            .push(Reading { frame: step.frame, cells: vec![seconds(step.at, 6), by, format!("{ms:.3}")] });
    }
    let [left, right] = points;
    let series =
        [(Mark::Dots, Side::Left, left), (Mark::Squares, Side::Right, right)].map(|(mark, side, points)| {
            Series { mark, name: voices.say(|words| words.about(Word::AcknowledgedBy, side)), points }
        });
    let name = |word| voices.say(|words| words.catalogue.word(word));
    let title = name(Word::RoundTrips);
    let columns = vec![name(Word::Time), name(Word::From), name(Word::Rtt)];
    let id = format!("trips{}", voices.connection().number);
    chart(voices, id, title, columns, readings, &series, axis::milliseconds)
}

const WIDTH: i32 = 480;
const HEIGHT: i32 = 230;
const LEFT: i32 = 62;
const RIGHT: i32 = WIDTH - 14;
const TOP: i32 = 30;
const BOTTOM: i32 = HEIGHT - 34;

fn chart(
    voices: &Voices<'_>,
    id: String,
    title: Vec<Said>,
    columns: Vec<Vec<Said>>,
    readings: Vec<Reading>,
    series: &[Series],
    unit: fn(f64) -> String,
) -> Option<Chart> {
    if readings.is_empty() {
        return None;
    }
    // All graphs of a connection have the same time below them.
    let steps = &voices.connection().steps;
    let span = [steps.first()?.at, steps.last()?.at].map(|at| at.as_nanos() as f64 / 1e9);
    let top = series.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.0, f64::max);
    let time = Axis::between(span.into(), (LEFT, RIGHT));
    let value = Axis::up_to(top, (BOTTOM, TOP));
    let drawing = html! {
        svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox=(format!("0 0 {WIDTH} {HEIGHT}"))
            role="img" aria-labelledby=(id) {
            @for tick in value.ticks() {
                @let y = value.place(tick);
                path class="k" d=(format!("M{LEFT} {y}H{RIGHT}")) {}
                text x=(LEFT - 6) y=(y + 4.0) class="t e" { (unit(tick)) }
            }
            @for tick in time.ticks() {
                text x=(time.place(tick)) y=(BOTTOM + 16) class="t m" { (axis::plain(tick)) }
            }
            text x=(RIGHT) y=(HEIGHT - 4) class="t e" { "s" }
            @for (index, series) in series.iter().filter(|series| !series.points.is_empty()).enumerate() {
                (draw(series, &time, &value))
                (legend(series, LEFT + 4 + index as i32 * 136))
            }
        }
    };
    Some(Chart { id, title, columns, readings, drawing })
}

fn legend(series: &Series, x: i32) -> Markup {
    html! {
        path class=(class(series.mark)) d=(match series.mark {
            Mark::Dots | Mark::Squares => format!("M{} 12h0", x + 8),
            Mark::Crosses => format!("M{} 8l8 8m0 -8l-8 8", x + 4),
            Mark::Steps | Mark::DashedSteps => format!("M{x} 12h18"),
        }) {}
        (text(x + 24, 16, "w", &series.name))
    }
}

const fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Dots => "p",
        Mark::Squares => "p p2",
        Mark::Crosses => "p3",
        Mark::Steps => "y",
        Mark::DashedSteps => "y2",
    }
}

/// One path a series. Points that fall on one another are drawn once, which keeps a long one small.
fn draw(series: &Series, time: &Axis, value: &Axis) -> Markup {
    use std::fmt::Write;
    let mut path = String::new();
    let mut last = None;
    for &(at, height) in &series.points {
        let place = (time.place(at as f64 / 1e9), value.place(height));
        if last == Some(place) {
            continue;
        }
        let (x, y) = place;
        // Writing to a String cannot fail.
        let _ = match (series.mark, last) {
            (Mark::Dots | Mark::Squares, _) => write!(path, "M{x} {y}h0"),
            (Mark::Crosses, _) => write!(path, "M{} {}l6 6m0 -6l-6 6", x - 3.0, y - 3.0),
            (Mark::Steps | Mark::DashedSteps, None) => write!(path, "M{x} {y}"),
            (Mark::Steps | Mark::DashedSteps, Some((_, before))) if before == y => write!(path, "H{x}"),
            (Mark::Steps | Mark::DashedSteps, Some(_)) => write!(path, "H{x}V{y}"),
        };
        last = Some(place);
    }
    html! { path class=(class(series.mark)) d=(path) {} }
}
