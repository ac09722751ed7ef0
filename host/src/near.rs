//! The nearest of some names, for answers to a slip of the keyboard. Pure.

/// How many characters must change to make one name the other.
#[must_use]
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, of_a) in a.chars().enumerate() {
        let mut before = row.first().copied().unwrap_or(0);
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, of_b) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(0);
            let left = row.get(j).copied().unwrap_or(0);
            let changed = before + usize::from(of_a != *of_b);
            if let Some(here) = row.get_mut(j + 1) {
                *here = changed.min(above + 1).min(left + 1);
            }
            before = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_changes() {
        let distances = [("", "", 0), ("avon", "avon", 0), ("avon", "avno", 2), ("kent", "ken", 1), ("", "abc", 3)];
        for (a, b, expected) in distances {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
