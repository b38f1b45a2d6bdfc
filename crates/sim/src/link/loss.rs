//! Which packets vanish.

use std::collections::BTreeSet;

use crate::random::Stream;
use crate::units::Probability;

/// Which packets a link loses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Loss {
    /// Each with this probability, whatever became of the one before it.
    Independent(Probability),
    /// In bursts.
    GilbertElliott(GilbertElliott),
    /// These and no others: 1 is the first packet pushed into the link. A copy that the link makes is
    /// never lost.
    Listed(BTreeSet<u64>),
}

/// A link that is now good and now bad. Before each packet it may change; how many packets a stay lasts is
/// the inverse of the probability of leaving.
///
/// ```
/// use synfin_sim::{GilbertElliott, Loss, Probability};
/// // One packet of a hundred begins a burst, which lasts for four packets on average.
/// let bursts = GilbertElliott {
///     turns_bad: Probability::from_percent(1),
///     turns_good: Probability::from_percent(25),
///     ..GilbertElliott::default()
/// };
/// let loss = Loss::GilbertElliott(bursts);
/// # let _ = loss;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GilbertElliott {
    /// A good link turns bad.
    pub turns_bad: Probability,
    /// A bad link turns good.
    pub turns_good: Probability,
    /// A packet is lost while the link is good.
    pub loss_while_good: Probability,
    /// A packet is lost while the link is bad.
    pub loss_while_bad: Probability,
}

impl Default for GilbertElliott {
    /// Good for ever; and were it not, everything would pass while it is good and nothing while it is bad.
    fn default() -> Self {
        Self {
            turns_bad: Probability::NEVER,
            turns_good: Probability::ALWAYS,
            loss_while_good: Probability::NEVER,
            loss_while_bad: Probability::ALWAYS,
        }
    }
}

impl Default for Loss {
    fn default() -> Self {
        Self::Independent(Probability::NEVER)
    }
}

/// What decides on losses.
#[derive(Clone, Debug)]
pub(super) struct Misfortune {
    loss: Stream,
    weather: Stream,
    bad: bool,
}

impl Misfortune {
    pub(super) fn new(loss: Stream, weather: Stream) -> Self {
        Self { loss, weather, bad: false }
    }

    /// Whether a packet is lost. `number` is `None` for a copy. Both streams move by one, whatever the
    /// kind of loss, so that a change of kind changes nothing that does not depend on it.
    pub(super) fn strikes(&mut self, loss: &Loss, number: Option<u64>) -> bool {
        let model = match loss {
            Loss::GilbertElliott(model) => *model,
            Loss::Independent(_) | Loss::Listed(_) => GilbertElliott::default(),
        };
        let turn = if self.bad { model.turns_good } else { model.turns_bad };
        self.bad ^= self.weather.chance(turn);
        let share = match loss {
            Loss::Independent(share) => *share,
            Loss::GilbertElliott(model) if self.bad => model.loss_while_bad,
            Loss::GilbertElliott(model) => model.loss_while_good,
            Loss::Listed(_) => Probability::NEVER,
        };
        let struck = self.loss.chance(share);
        match loss {
            Loss::Listed(numbers) => number.is_some_and(|number| numbers.contains(&number)),
            Loss::Independent(_) | Loss::GilbertElliott(_) => struck,
        }
    }
}

#[cfg(test)]
mod tests;
