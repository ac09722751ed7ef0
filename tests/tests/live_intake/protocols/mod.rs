//! The protocols that events come by, and real clients of them.

mod bulk;
mod clients;
mod events;
mod hec;
mod hostile;
mod live;
