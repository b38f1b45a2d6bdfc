//! An axis: where a value stands, and at which round values there are ticks.

/// Values along a line of a drawing.
pub(super) struct Axis {
    from: f64,
    to: f64,
    step: f64,
    places: (i32, i32),
}

impl Axis {
    /// An axis from nothing to the round value above all others, drawn between two places.
    pub(super) fn up_to(top: f64, places: (i32, i32)) -> Self {
        let step = round_step(top.max(1e-6) / 4.0);
        Self { from: 0.0, to: (top / step).ceil().max(1.0) * step, step, places }
    }

    /// An axis from one moment to another, in seconds.
    pub(super) fn between(moments: (f64, f64), places: (i32, i32)) -> Self {
        let span = (moments.1 - moments.0).max(1e-6);
        Self { from: moments.0, to: moments.0 + span, step: round_step(span / 4.0), places }
    }

    /// Where a value stands, to a tenth of a unit.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = (value - self.from) / (self.to - self.from);
        let place = f64::from(self.places.0) + share * f64::from(self.places.1 - self.places.0);
        (place * 10.0).round() / 10.0
    }

    /// The round values on it.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let first = (self.from / self.step).ceil() as i64;
        let last = (self.to / self.step + 1e-9).floor() as i64;
        (first..=last).take(12).map(|count| count as f64 * self.step).collect()
    }
}

/// The next of 1, 2, 5, 10, 20 and so on.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let lead = step / power;
    let round = if lead <= 1.0 {
        1.0
    } else if lead <= 2.0 {
        2.0
    } else if lead <= 5.0 {
        5.0
    } else {
        10.0
    };
    round * power
}

/// A number without zeros behind the point.
pub(super) fn plain(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A count of octets or numbers, shortened.
pub(super) fn count(value: f64) -> String {
    match value {
        value if value >= 1e9 => format!("{} G", plain(value / 1e9)),
        value if value >= 1e6 => format!("{} M", plain(value / 1e6)),
        value if value >= 1e4 => format!("{} k", plain(value / 1e3)),
        value => plain(value),
    }
}

/// Octets.
pub(super) fn octets(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{} MB", plain(value / 1e6)),
        value if value >= 1e3 => format!("{} KB", plain(value / 1e3)),
        value => plain(value),
    }
}

/// Milliseconds.
pub(super) fn milliseconds(value: f64) -> String {
    format!("{} ms", plain(value))
}

#[cfg(test)]
mod tests;
