//! Tables of sources and shapes; recognition.
