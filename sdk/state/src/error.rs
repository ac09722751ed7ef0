//! Why a call on a lane's state is refused.

/// See the module. The text names the window, row, field or limit, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The manifest declares no such window, or no values.
    #[error("{0}")]
    NotDeclared(String),
    /// Rows that go backwards, or that the batch does not have.
    #[error("{0}")]
    BadRows(String),
    /// A window was fed once more in one batch.
    #[error("{0}")]
    FedAlready(String),
    /// A value over its limit.
    #[error("{0}")]
    TooLarge(String),
    /// What was kept cannot be read: the store's trouble, not the plugin's.
    #[error("{0}")]
    Kept(String),
}
