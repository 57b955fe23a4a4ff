//! What is left of a task that is over, for the next one.
//!
//! To make a task takes three pieces of memory: the task, its coroutine, its waker. A program that makes
//! many tasks makes them of a few kinds, and asks the allocator for the same three pieces again and
//! again. That was nearly half of the work of making a task, running it and waiting for it.
//!
//! So when the last handle of a task that is done goes, what it held is dropped, and the empty pieces
//! are kept under the type of the task. The next one of that type is put into them.
//!
//! **Invariant.** What is kept is empty, and nobody else has it: no handle, no future, no waker. It is
//! bounded, and goes with the loop.
//!
//! Next: [`task_table`](crate::task_table), the list of all unfinished tasks.

use std::any::{Any, TypeId};
use std::rc::Rc;

/// No more than this is kept. (A hundred thousand tasks of common size.)
const MOST_BYTES: usize = 64 << 20;

/// Empty pieces, by their type.
#[derive(Default)]
pub(crate) struct Spare {
    /// One for each kind of task that the program makes. There are few, and so to look at one after the other is
    /// faster than a map.
    by_type: Vec<(TypeId, Vec<Rc<dyn Any>>)>,
    bytes: usize,
}

impl Spare {
    /// An empty one of that type, if there is one. Its size is what was said when it was kept.
    pub(crate) fn take<C: Any>(&mut self, bytes: usize) -> Option<Rc<C>> {
        let spare = self.of_type::<C>()?.pop()?;
        self.bytes -= bytes;
        spare.downcast().ok()
    }

    /// Keeps it, or gives it back if there is no room.
    pub(crate) fn keep<C: Any>(&mut self, empty: Rc<C>, bytes: usize) -> Result<(), Rc<C>> {
        if self.bytes + bytes > MOST_BYTES {
            return Err(empty);
        }
        self.bytes += bytes;
        match self.of_type::<C>() {
            Some(same_type) => same_type.push(empty),
            None => self.by_type.push((TypeId::of::<C>(), vec![empty])),
        }
        Ok(())
    }

    fn of_type<C: Any>(&mut self) -> Option<&mut Vec<Rc<dyn Any>>> {
        let mut all = self.by_type.iter_mut();
        let (_, same_type) = all.find(|(id, _)| *id == TypeId::of::<C>())?;
        Some(same_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut spare = Spare::default();
        let half = MOST_BYTES / 2;
        assert!(spare.keep(Rc::new(1_u8), half).is_ok());
        assert!(spare.keep(Rc::new('a'), half).is_ok());
        let refused = spare.keep(Rc::new(2_u8), 1).unwrap_err();
        assert_eq!(*refused, 2);
        assert_eq!(spare.take::<u8>(half).as_deref(), Some(&1));
        assert_eq!(
            spare.take::<u8>(half),
            None,
            "the other one is of another type"
        );
        assert!(spare.keep(refused, half).is_ok());
    }
}
