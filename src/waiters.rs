//! A line of those who wait.
//!
//! Whoever waits for a future stands in its line, and they are told in the order in which they came. A
//! line is a `VecDeque`, and the first place, which nearly always is the only one, is beside it: a
//! future that one waits for needs no memory besides its own.
//!
//! Everybody knows his place by its number, so that he can leave the line, or send another in his
//! stead. The numbers ascend.
//!
//! Next: [`future_cell`](crate::future_cell), which has one.

use std::collections::VecDeque;

pub(crate) struct Line<W> {
    /// There is one if there is anybody.
    first: Option<(u64, W)>,
    /// Those behind him.
    #[allow(
        clippy::box_collection,
        reason = "an empty `VecDeque` is four times as large"
    )]
    more: Option<Box<VecDeque<(u64, W)>>>,
    next_place: u64,
}

impl<W> Default for Line<W> {
    fn default() -> Self {
        Line {
            first: None,
            more: None,
            next_place: 0,
        }
    }
}

impl<W> Line<W> {
    /// Gives the number of the place.
    pub(crate) fn stand(&mut self, who: W) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        match self.first {
            None => self.first = Some((place, who)),
            Some(_) => self.more.get_or_insert_default().push_back((place, who)),
        }
        place
    }

    pub(crate) fn get_mut(&mut self, place: u64) -> Option<&mut W> {
        match &mut self.first {
            Some((first, who)) if *first == place => Some(who),
            _ => {
                let more = self.more.as_mut()?;
                let i = more.binary_search_by_key(&place, |(place, _)| *place);
                Some(&mut more[i.ok()?].1)
            }
        }
    }

    pub(crate) fn remove(&mut self, place: u64) -> Option<W> {
        if self.first.as_ref()?.0 == place {
            return self.next();
        }
        let more = self.more.as_mut()?;
        let i = more.binary_search_by_key(&place, |(place, _)| *place);
        Some(more.remove(i.ok()?)?.1)
    }

    /// The first one leaves.
    pub(crate) fn pop(&mut self) -> Option<(u64, W)> {
        let next = self.more.as_mut().and_then(|more| more.pop_front());
        std::mem::replace(&mut self.first, next)
    }

    pub(crate) fn len(&self) -> usize {
        let more = self.more.as_ref().map_or(0, |more| more.len());
        usize::from(self.first.is_some()) + more
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn any(&self, mut is_it: impl FnMut(&W) -> bool) -> bool {
        let more = self.more.iter().flat_map(|more| more.iter());
        let mut all = self.first.iter().chain(more);
        all.any(|(_, who)| is_it(who))
    }

    /// Takes those out, and gives them, who are not to stay.
    pub(crate) fn take_if(&mut self, is_it: impl Fn(&W) -> bool) -> Vec<(u64, W)> {
        let (mut taken, mut stay) = (Vec::new(), VecDeque::new());
        let more = self.more.take().map_or_else(VecDeque::new, |more| *more);
        for (place, who) in self.first.take().into_iter().chain(more) {
            match is_it(&who) {
                true => taken.push((place, who)),
                false => stay.push_back((place, who)),
            }
        }
        self.first = stay.pop_front();
        self.more = (!stay.is_empty()).then(|| Box::new(stay));
        taken
    }
}

impl<W> Iterator for Line<W> {
    type Item = W;

    fn next(&mut self) -> Option<W> {
        let (_, who) = self.pop()?;
        Some(who)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_early_does_not_disturb_the_order() {
        let mut line = Line::default();
        let places: Vec<_> = "abcdef".chars().map(|who| line.stand(who)).collect();
        assert_eq!(line.len(), 6);
        assert_eq!(line.remove(places[0]), Some('a'));
        assert_eq!(line.remove(places[0]), None);
        assert_eq!(line.remove(places[3]), Some('d'));
        assert_eq!(line.get_mut(places[1]), Some(&mut 'b'));
        assert_eq!(line.get_mut(places[3]), None);
        *line.get_mut(places[4]).unwrap() = 'E';
        let taken = line.take_if(|who| "bf".contains(*who));
        assert_eq!(taken, [(places[1], 'b'), (places[5], 'f')]);
        line.stand('g');
        assert_eq!(line.by_ref().collect::<String>(), "cEg");
        assert!(line.is_empty());
    }
}
