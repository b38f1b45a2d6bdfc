//! Values by handle, as slotmap has them, in pages that come and go: what a crowd of connections has taken is given back
//! when the crowd has gone.
//!
//! A handle is the number of a slot and a version, which says whose slot it was. A new value goes to the lowest page that
//! has room, so that few long-lived ones keep few pages. Of an empty page nothing stays but the next version.

use std::marker::PhantomData;

use slotmap::{Key, KeyData};

/// Slots of a page: one bit of a word says whether a slot is taken.
const PAGE: usize = u64::BITS as usize;

/// Values by handles of one type.
#[derive(Debug)]
pub(crate) struct Pages<K, V> {
    pages: Vec<Page<V>>,
    /// The pages that have room, among those that were ever used.
    roomy: Bits,
    len: usize,
    handles: PhantomData<fn() -> K>,
}

/// A value with its version, or nothing.
type Slot<V> = Option<(u32, V)>;

#[derive(Debug)]
struct Page<V> {
    /// The slots with the versions of their values; `None` while the page is empty.
    slots: Option<Box<[Slot<V>; PAGE]>>,
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

impl<K, V> Default for Pages<K, V> {
    fn default() -> Self {
        Self { pages: Vec::new(), roomy: Bits::default(), len: 0, handles: PhantomData }
    }
}

impl<V> Page<V> {
    const fn new() -> Self {
        Self { slots: None, taken: 0, version: 1 }
    }

    fn put(&mut self, slot: usize, version: u32, value: V) {
        let slots = self.slots.get_or_insert_with(|| Box::new([const { None }; PAGE]));
        slots[slot] = Some((version, value));
        self.taken |= 1 << slot;
    }
}

impl<K: Key, V> Pages<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds a value under a new handle.
    pub(crate) fn insert(&mut self, value: V) -> K {
        let at = self.roomy.first().unwrap_or(self.pages.len());
        if at == self.pages.len() {
            self.pages.push(Page::new());
            self.roomy.insert(at);
        }
        let page = &mut self.pages[at];
        let (slot, version) = (page.taken.trailing_ones() as usize, page.version);
        page.version = version.wrapping_add(2);
        page.put(slot, version, value);
        if page.taken == u64::MAX {
            self.roomy.remove(at);
        }
        self.len += 1;
        let number = (at * PAGE + slot) as u64;
        KeyData::from_ffi(u64::from(version) << 32 | number).into()
    }

    /// Adds a value under the handle that another one has elsewhere.
    pub(crate) fn insert_beside(&mut self, handle: K, value: V) {
        let (at, slot, version) = place(handle);
        if self.pages.len() <= at {
            self.pages.resize_with(at + 1, Page::new);
        }
        let page = &mut self.pages[at];
        self.len += usize::from(page.taken >> slot & 1 == 0);
        page.put(slot, version, value);
    }

    pub(crate) fn get(&self, handle: K) -> Option<&V> {
        let (at, slot, version) = place(handle);
        let (found, value) = self.pages.get(at)?.slots.as_ref()?[slot].as_ref()?;
        (*found == version).then_some(value)
    }

    pub(crate) fn get_mut(&mut self, handle: K) -> Option<&mut V> {
        let (at, slot, version) = place(handle);
        let (found, value) = self.pages.get_mut(at)?.slots.as_mut()?[slot].as_mut()?;
        (*found == version).then_some(value)
    }

    pub(crate) fn remove(&mut self, handle: K) -> Option<V> {
        self.get(handle)?;
        let (at, slot, _) = place(handle);
        let page = &mut self.pages[at];
        let (_, value) = page.slots.as_mut()?[slot].take()?;
        page.taken &= !(1 << slot);
        if page.taken == 0 {
            page.slots = None;
        }
        self.roomy.insert(at);
        self.len -= 1;
        Some(value)
    }

    /// All of them: for tests.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        let slots =
            self.pages.iter().map(|page| page.slots.iter().flat_map(|slots| slots.iter().enumerate()));
        slots.enumerate().flat_map(|(at, slots)| {
            slots.filter_map(move |(slot, taken)| {
                let (version, value) = taken.as_ref()?;
                let number = (at * PAGE + slot) as u64;
                Some((KeyData::from_ffi(u64::from(*version) << 32 | number).into(), value))
            })
        })
    }

    /// For how many values there is room without another page.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        self.pages.iter().filter(|page| page.slots.is_some()).count() * PAGE
    }
}

/// Page, slot and version of a handle.
fn place<K: Key>(handle: K) -> (usize, usize, u32) {
    let whole = handle.data().as_ffi();
    let number = (whole & u64::from(u32::MAX)) as usize;
    (number / PAGE, number % PAGE, (whole >> 32) as u32)
}

#[cfg(test)]
mod tests;
