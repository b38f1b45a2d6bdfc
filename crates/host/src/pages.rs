//! Values by handle, as slotmap has them, in pages that come and go: what a crowd of connections has taken is given back
//! when the crowd has gone.
//!
//! A handle is the number of a slot and a version, which says whose slot it was. A new value goes to the lowest page that
//! has room, so that few long-lived ones keep few pages. Of an empty page nothing stays but the next version. What a slot
//! is made of is its own affair, so that a version can lie where a value leaves room for it.

use std::marker::PhantomData;

use slotmap::{Key, KeyData};

/// Slots of a page: one bit of a word says whether a slot is taken.
const PAGE: usize = u64::BITS as usize;

/// A value with its version, or nothing.
pub(crate) trait Slot: Sized {
    /// Nothing.
    const VACANT: Self;

    /// The version of the value; `None` when there is none.
    fn version(&self) -> Option<u32>;
}

/// Slots by handles of one type.
#[derive(Debug)]
pub(crate) struct Pages<K, S> {
    pages: Vec<Page<S>>,
    /// The pages that have room, among those that were ever used.
    roomy: Bits,
    len: usize,
    handles: PhantomData<fn() -> K>,
}

#[derive(Debug)]
struct Page<S> {
    /// `None` while the page is empty.
    slots: Option<Box<[S; PAGE]>>,
    /// One bit for each slot that is taken.
    taken: u64,
    /// The version of the next value: odd, as slotmap's handles have it.
    version: u32,
}

/// A set of small numbers, by a bit for each.
#[derive(Debug, Default)]
struct Bits {
    words: Vec<u64>,
    /// No word before this one has a bit.
    first: usize,
}

impl Bits {
    const WORD: usize = u64::BITS as usize;

    fn insert(&mut self, number: usize) {
        let word = number / Self::WORD;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (number % Self::WORD);
        self.first = self.first.min(word);
    }

    fn remove(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / Self::WORD) {
            *word &= !(1 << (number % Self::WORD));
        }
    }

    /// The lowest number.
    fn first(&mut self) -> Option<usize> {
        let ahead = self.words[self.first..].iter().position(|word| *word != 0);
        self.first = ahead.map_or(self.words.len(), |ahead| self.first + ahead);
        let word = self.words.get(self.first)?;
        Some(self.first * Self::WORD + word.trailing_zeros() as usize)
    }
}

impl<K, S> Default for Pages<K, S> {
    fn default() -> Self {
        Self { pages: Vec::new(), roomy: Bits::default(), len: 0, handles: PhantomData }
    }
}

impl<S> Page<S> {
    const fn new() -> Self {
        Self { slots: None, taken: 0, version: 1 }
    }
}

impl<K: Key, S: Slot> Pages<K, S> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds what `make` makes of a version, under a new handle.
    pub(crate) fn insert(&mut self, make: impl FnOnce(u32) -> S) -> K {
        let at = self.roomy.first().unwrap_or(self.pages.len());
        if at == self.pages.len() {
            self.pages.push(Page::new());
            self.roomy.insert(at);
        }
        let page = &mut self.pages[at];
        let (slot, version) = (page.taken.trailing_ones() as usize, page.version);
        page.version = version.wrapping_add(2);
        let slots = page.slots.get_or_insert_with(|| Box::new([const { S::VACANT }; PAGE]));
        slots[slot] = make(version);
        page.taken |= 1 << slot;
        if page.taken == u64::MAX {
            self.roomy.remove(at);
        }
        self.len += 1;
        handle((at * PAGE + slot) as u32, version)
    }

    pub(crate) fn get(&self, handle: K) -> Option<&S> {
        let (number, version) = parts(handle);
        self.at(number).filter(|slot| slot.version() == Some(version))
    }

    pub(crate) fn get_mut(&mut self, handle: K) -> Option<&mut S> {
        let (number, version) = parts(handle);
        let (at, slot) = place(number);
        let slot = &mut self.pages.get_mut(at)?.slots.as_mut()?[slot];
        (slot.version() == Some(version)).then_some(slot)
    }

    /// What is in the slot of this number, which may be nothing.
    pub(crate) fn at(&self, number: u32) -> Option<&S> {
        let (at, slot) = place(number);
        Some(&self.pages.get(at)?.slots.as_ref()?[slot])
    }

    /// The handle of what is in the slot of this number.
    pub(crate) fn handle_at(&self, number: u32) -> Option<K> {
        self.entry_at(number).map(|(handle, _)| handle)
    }

    /// What is in the slot of this number, with its handle.
    pub(crate) fn entry_at(&self, number: u32) -> Option<(K, &S)> {
        let slot = self.at(number)?;
        Some((handle(number, slot.version()?), slot))
    }

    pub(crate) fn remove(&mut self, handle: K) -> Option<S> {
        self.get(handle)?;
        let (at, slot) = place(number(handle));
        let page = &mut self.pages[at];
        let value = std::mem::replace(&mut page.slots.as_mut()?[slot], S::VACANT);
        page.taken &= !(1 << slot);
        if page.taken == 0 {
            page.slots = None;
        }
        self.roomy.insert(at);
        self.len -= 1;
        Some(value)
    }

    /// All of them: for tests.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &S)> {
        let slots = self.pages.iter().map(|page| page.slots.iter().flat_map(|slots| slots.iter()));
        slots.enumerate().flat_map(|(at, slots)| {
            slots.enumerate().filter_map(move |(slot, value)| {
                Some((handle((at * PAGE + slot) as u32, value.version()?), value))
            })
        })
    }

    /// For how many values there is room without another page.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.pages.iter().filter(|page| page.slots.is_some()).count() * PAGE
    }
}

/// The number of a handle's slot.
pub(crate) fn number<K: Key>(handle: K) -> u32 {
    parts(handle).0
}

fn handle<K: Key>(number: u32, version: u32) -> K {
    KeyData::from_ffi(u64::from(version) << 32 | u64::from(number)).into()
}

/// Number and version of a handle.
fn parts<K: Key>(handle: K) -> (u32, u32) {
    let whole = handle.data().as_ffi();
    (whole as u32, (whole >> 32) as u32)
}

/// Page, and slot in it.
fn place(number: u32) -> (usize, usize) {
    (number as usize / PAGE, number as usize % PAGE)
}

#[cfg(test)]
mod tests;
