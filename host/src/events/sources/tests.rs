#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn every_table_reads_and_names_a_known_source() {
    let sources = table::read(TABLES).unwrap();
    assert_eq!(sources.list.len(), TABLES.len());
}
