//! What the host answered for all rows, by path: several handles of one field ask once.
//!
//! A list, not a map: a detector asks for a handful of fields.

use std::cell::RefCell;
use std::rc::Rc;

/// See the module.
pub(crate) struct Kept<T>(RefCell<Vec<(&'static str, Rc<T>)>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Kept<T> {
    /// What is there already.
    pub(crate) fn get(&self, path: Option<&'static str>) -> Option<Rc<T>> {
        let path = path?;
        self.0.borrow().iter().find(|(kept, _)| *kept == path).map(|(_, answer)| Rc::clone(answer))
    }

    /// The same, or what the host answers now. A field that the source does not have is not kept.
    pub(crate) fn get_or_ask(&self, path: Option<&'static str>, ask: impl FnOnce() -> T) -> Rc<T> {
        if let Some(answer) = self.get(path) {
            return answer;
        }
        let answer = Rc::new(ask());
        if let Some(path) = path {
            self.0.borrow_mut().push((path, Rc::clone(&answer)));
        }
        answer
    }
}
