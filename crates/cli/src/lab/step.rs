//! Event by event, on the terminal.
//!
//! In: a trace. Out: a screen of 80 columns and 24 lines or more: what has happened, both ends' variables and timers as they
//! are now, what of them has just changed, and the header octet by octet. Keys walk; q ends it.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use ratatui::Frame;
use ratatui::crossterm::event::{self, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use synfin_lab::Texts;
use synfin_lab::trace::{EndView, Event, Sent, Source, Trace, What};

use crate::failure::Failure;

/// Walks through a trace until the reader has seen enough.
pub(super) fn walk(trace: &Trace, texts: &Texts) -> Result<ExitCode, Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::call("--step walks on a terminal, and there is none: leave it out"));
    }
    if trace.events.is_empty() {
        return Err(Failure::call("nothing happens in this scenario: there is nothing to walk through"));
    }
    let mut terminal = ratatui::try_init()
        .map_err(|error| Failure::fault(format!("the terminal cannot be used: {error}")))?;
    let mut walker = Walker { trace, texts, place: 0 };
    let outcome = loop {
        if let Err(error) = terminal.draw(|frame| walker.draw(frame)) {
            break Err(error);
        }
        match event::read() {
            Err(error) => break Err(error),
            Ok(event::Event::Key(key)) if key.kind == KeyEventKind::Press => {
                let is_interrupt =
                    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
                if is_interrupt || !walker.key(key.code) {
                    break Ok(());
                }
            }
            Ok(_) => {}
        }
    };
    ratatui::restore();
    outcome
        .map(|()| ExitCode::SUCCESS)
        .map_err(|error| Failure::fault(format!("the terminal cannot be used: {error}")))
}

/// Where the reader stands.
struct Walker<'a> {
    trace: &'a Trace,
    texts: &'a Texts,
    place: usize,
}

impl Walker<'_> {
    /// Returns whether to go on.
    fn key(&mut self, key: KeyCode) -> bool {
        let last = self.trace.events.len() - 1;
        self.place = match key {
            KeyCode::Right | KeyCode::Char('l' | ' ') | KeyCode::Down | KeyCode::Enter => self.place + 1,
            KeyCode::Left | KeyCode::Char('h') | KeyCode::Up => self.place.saturating_sub(1),
            KeyCode::PageDown => self.place + 10,
            KeyCode::PageUp => self.place.saturating_sub(10),
            KeyCode::Home => 0,
            KeyCode::End => last,
            KeyCode::Char('q') | KeyCode::Esc => return false,
            _ => self.place,
        }
        .min(last);
        true
    }

    fn event(&self) -> &Event {
        &self.trace.events[self.place]
    }

    fn draw(&self, frame: &mut Frame<'_>) {
        let rows = Layout::vertical([
            Constraint::Min(4),
            Constraint::Length(11),
            Constraint::Length(6),
            Constraint::Length(1),
        ]);
        let [log, ends, header, keys] = rows.areas(frame.area());
        self.draw_log(frame, log);
        let halves: [Rect; 2] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(ends);
        for (host, area) in halves.into_iter().enumerate() {
            self.draw_end(frame, area, host);
        }
        self.draw_header(frame, header);
        let place = format!("{}/{}  ", self.place + 1, self.trace.events.len());
        frame.render_widget(Paragraph::new(place + &self.texts.say("step-keys")), keys);
    }

    /// The events around this one.
    fn draw_log(&self, frame: &mut Frame<'_>, area: Rect) {
        let rows = usize::from(area.height.saturating_sub(2)).max(1);
        let first = self.place.saturating_sub(rows / 2).min(self.trace.events.len().saturating_sub(rows));
        let lines: Vec<Line<'_>> = self.trace.events[first..]
            .iter()
            .take(rows)
            .enumerate()
            .map(|(index, event)| {
                let is_here = first + index == self.place;
                let mark = if is_here { '>' } else { ' ' };
                let text = format!("{mark} {} {}", seconds(event.at.as_nanos()), self.said(event));
                let style = if is_here { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
                Line::styled(text, style)
            })
            .collect();
        let title = format!(" {} ", self.trace.world);
        frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(title)), area);
    }

    /// An event in one line.
    fn said(&self, event: &Event) -> String {
        let name = |host: usize| self.trace.names[host].as_str();
        match &event.what {
            What::Sent(number) => {
                let sent = &self.trace.segments[*number];
                let arrow = format!("{} → {}", name(sent.host()), name(1 - sent.host()));
                let lost = sent
                    .lost
                    .map_or(String::new(), |why| format!("  {}: {why}", self.texts.say("step-lost")));
                let reason = sent.reason.map_or(String::new(), |reason| format!("  {reason}"));
                format!("{arrow}  {}{reason}{lost}", told(sent))
            }
            What::Arrived(number, copy) => {
                let sent = &self.trace.segments[*number];
                let arrow = match sent.source {
                    Source::Host(host) => format!("{} ⇥ {}", name(host), name(1 - host)),
                    Source::Nobody(host) => format!("? ⇥ {}", name(1 - host)),
                };
                let dropped = sent.arrivals.get(*copy).and_then(|arrival| arrival.dropped);
                let dropped = dropped
                    .map_or(String::new(), |why| format!("  {}: {why}", self.texts.say("step-dropped")));
                format!("{arrow}  {}{dropped}", told(sent))
            }
            What::Called(host, call) => format!("{}: {call}", name(*host)),
            What::Timer(host, timer) => format!("{}: timer {timer}", name(*host)),
            What::Fault(text) => format!("! {text}"),
            What::Icmp(host) => format!("{}: ICMP", name(*host)),
            What::TakenForOpen(host) => format!("{}: taken for open", name(*host)),
        }
    }

    /// Both views of the connection that was last spoken of.
    fn views(&self) -> Option<(&[EndView; 2], &[EndView; 2])> {
        let events = self.trace.events[..=self.place].iter().rev();
        let (index, after) =
            events.enumerate().find_map(|(index, event)| Some((index, event.after.as_ref()?)))?;
        let before = if index == 0 { self.event().before.as_ref() } else { None };
        Some((before.unwrap_or(after), after))
    }

    fn draw_end(&self, frame: &mut Frame<'_>, area: Rect, host: usize) {
        let block = Block::bordered().title(format!(" {} ", self.trace.names[host]));
        let Some((before, after)) = self.views() else {
            frame.render_widget(block, area);
            return;
        };
        let (old, new) = (facts(&before[host]), facts(&after[host]));
        let mut lines: Vec<Line<'_>> = new
            .iter()
            .zip(&old)
            .map(|((name, value), (_, was))| {
                let changed = value != was;
                let style = if changed { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
                let mark = if changed { "*" } else { " " };
                Line::from(vec![Span::raw(format!("{mark}{name:<9}")), Span::styled(value.clone(), style)])
            })
            .collect();
        let now = self.event().at.as_nanos();
        let timers: Vec<String> = after[host]
            .timers
            .iter()
            .map(|(name, expires)| format!("{name} {}", span(expires.saturating_sub(now))))
            .collect();
        lines.push(Line::raw(format!(" {:<9}{}", self.texts.say("step-timers"), timers.join(", "))));
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }

    fn draw_header(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::bordered().title(format!(" {} ", self.texts.say("step-header")));
        let number = match &self.event().what {
            What::Sent(number) | What::Arrived(number, _) => Some(*number),
            _ => None,
        };
        let bytes = number.map_or(&[][..], |number| &self.trace.segments[number].bytes[..]);
        let row = usize::from(area.width.saturating_sub(2) / 3).max(4) / 4 * 4;
        let lines: Vec<Line<'_>> = bytes
            .chunks(row)
            .map(|row| Line::raw(row.iter().map(|byte| format!("{byte:02x} ")).collect::<String>()))
            .collect();
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }
}

/// A segment in a few words.
fn told(sent: &Sent) -> String {
    let header = &sent.header;
    let ack = if header.flags.ack() { format!(" ack {}", header.ack.value()) } else { String::new() };
    let len = if sent.len > 0 { format!(" len {}", sent.len) } else { String::new() };
    format!("{:?} seq {}{ack}{len}", header.flags, header.seq.value())
}

/// What is shown of an end, line by line, as many lines each time.
fn facts(view: &EndView) -> Vec<(&'static str, String)> {
    let state = if view.up { view.state.name().to_owned() } else { "-".to_owned() };
    let tcb = view.tcb.as_ref();
    let number = |number: Option<u32>| number.map_or("-".to_owned(), |number| number.to_string());
    let time = |nanos: Option<u64>| nanos.map_or("-".to_owned(), span);
    let pair = |first: Option<u32>, second: Option<u32>| format!("{} / {}", number(first), number(second));
    vec![
        ("state", state),
        ("SND U/N", pair(tcb.map(|tcb| tcb.snd_una), tcb.map(|tcb| tcb.snd_nxt))),
        ("SND.WND", number(tcb.and_then(|tcb| tcb.snd_wnd))),
        ("RCV N/W", pair(tcb.and_then(|tcb| tcb.rcv_nxt), tcb.and_then(|tcb| tcb.rcv_wnd))),
        ("cwnd/ss", pair(tcb.and_then(|tcb| tcb.cwnd), tcb.and_then(|tcb| tcb.ssthresh))),
        (
            "SRTT/RTO",
            format!("{} / {}", time(tcb.and_then(|tcb| tcb.srtt)), time(tcb.and_then(|tcb| tcb.rto))),
        ),
        ("queues", tcb.map_or("-".to_owned(), |tcb| format!("{} / {}", tcb.send_queued, tcb.receive_queued))),
    ]
}

fn seconds(nanos: u64) -> String {
    format!("{:>10}", format!("{}.{:06}", nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000))
}

fn span(nanos: u64) -> String {
    match nanos {
        0..1_000_000 => format!("{}us", nanos / 1_000),
        1_000_000..10_000_000_000 => format!("{}ms", nanos / 1_000_000),
        _ => format!("{}s", nanos / 1_000_000_000),
    }
}

#[cfg(test)]
mod tests;
