//! Helpers of the whole-system tests: where the binary, the plugins and the real data are.
