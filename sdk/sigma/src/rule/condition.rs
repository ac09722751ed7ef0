//! The grammar of conditions: `and`, `or`, `not`, parentheses, `1 of`, `any of`, `all of`, `them`, wildcards in names.

use crate::pack::Expr;
use crate::pattern::Pattern;

/// Parentheses and `not` inside each other at most.
const DEPTH: usize = 24;

/// A condition over named detections.
///
/// # Errors
/// What is wrong, in words that fit after the condition.
pub(super) fn read(text: &str, detections: &[(String, Expr)]) -> Result<Expr, String> {
    let mut parser = Parser { words: words(text)?, at: 0, detections, depth: 0 };
    let expr = parser.any()?;
    match parser.peek() {
        None => Ok(expr),
        Some("|") => Err("has an aggregation (`|`), which Sigma 2 replaced by correlations".into()),
        Some(word) => Err(format!("goes on with `{word}` where it should end, or `and` or `or` should stand")),
    }
}

fn words(text: &str) -> Result<Vec<&str>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '*' | '?' | '.');
        let end = match first {
            '(' | ')' | '|' => 1,
            c if name(c) => rest.find(|c| !name(c)).unwrap_or(rest.len()),
            c => return Err(format!("has `{c}`, which no condition may have")),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        // What follows is an aggregation, which is refused whatever it says.
        if word == "|" {
            break;
        }
        rest = after.trim_start();
    }
    Ok(words)
}

struct Parser<'p> {
    words: Vec<&'p str>,
    at: usize,
    detections: &'p [(String, Expr)],
    depth: usize,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<&'p str> {
        self.words.get(self.at).copied()
    }

    fn next_is(&mut self, word: &str) -> bool {
        let is = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.all()?];
        while self.next_is("or") {
            parts.push(self.all()?);
        }
        Ok(single(parts, Expr::Any))
    }

    fn all(&mut self) -> Result<Expr, String> {
        let mut parts = vec![self.one()?];
        while self.next_is("and") {
            parts.push(self.one()?);
        }
        Ok(single(parts, Expr::All))
    }

    fn one(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("has more than {DEPTH} parentheses or `not` inside each other"));
        }
        let expr = if self.next_is("not") {
            Expr::Not(Box::new(self.one()?))
        } else if self.next_is("(") {
            let expr = self.any()?;
            if !self.next_is(")") {
                return Err("has a `(` without its `)`".into());
            }
            expr
        } else {
            self.name()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn name(&mut self) -> Result<Expr, String> {
        let Some(word) = self.peek() else { return Err("ends where a name should stand".into()) };
        self.at += 1;
        let of = self.peek().is_some_and(|next| next.eq_ignore_ascii_case("of"));
        if of {
            self.at += 1;
            let all = match word.to_ascii_lowercase().as_str() {
                "all" => true,
                "1" | "any" => false,
                _ => return Err(format!("has `{word} of`: Sigma knows `1 of`, `any of` and `all of`")),
            };
            let Some(names) = self.peek() else { return Err(format!("ends after `{word} of`")) };
            self.at += 1;
            let chosen = self.chosen(names);
            if chosen.is_empty() {
                return Err(format!("has `{word} of {names}`, and no detection has such a name"));
            }
            return Ok(if all { Expr::All(chosen) } else { Expr::Any(chosen) });
        }
        match self.detections.iter().find(|(name, _)| name == word) {
            Some((_, expr)) => Ok(expr.clone()),
            None => {
                let names: Vec<&str> = self.detections.iter().map(|(name, _)| name.as_str()).collect();
                Err(format!("names `{word}`, which is no detection of the rule ({})", names.join(", ")))
            }
        }
    }

    fn chosen(&self, names: &str) -> Vec<Expr> {
        let them = names.eq_ignore_ascii_case("them");
        let pattern = Pattern::sigma(names);
        let chosen = self
            .detections
            .iter()
            .filter(|(name, _)| if them { !name.starts_with('_') } else { pattern.matches(name) });
        chosen.map(|(_, expr)| expr.clone()).collect()
    }
}

fn single(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.len() {
        1 => parts.remove(0),
        _ => many(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::pack::Expr;
    use crate::test::Test;

    fn detections() -> Vec<(String, Expr)> {
        ["a", "b", "sel_1", "sel_2", "_hidden"]
            .map(|name| (name.to_owned(), Expr::Is(name.into(), Test::Exists)))
            .into()
    }

    /// Written out with every parenthesis.
    fn shown(expr: &Expr) -> String {
        let join = |parts: &[Expr], with: &str| format!("({})", parts.iter().map(shown).collect::<Vec<_>>().join(with));
        match expr {
            Expr::All(parts) => join(parts, " & "),
            Expr::Any(parts) => join(parts, " | "),
            Expr::Not(part) => format!("!{}", shown(part)),
            Expr::Is(name, _) => name.clone(),
            Expr::Keyword(_) => "keyword".into(),
        }
    }

    #[test]
    fn not_binds_closer_than_and_and_and_closer_than_or() {
        for (text, expected) in [
            ("a", "a"),
            ("a and not b or sel_1", "((a & !b) | sel_1)"),
            ("a AND (b OR NOT sel_1)", "(a & (b | !sel_1))"),
            ("1 of sel_* and not all of sel_*", "((sel_1 | sel_2) & !(sel_1 & sel_2))"),
            ("all of them", "(a & b & sel_1 & sel_2)"),
            ("any of _*", "(_hidden)"),
            ("not (not a)", "!!a"),
        ] {
            assert_eq!(shown(&read(text, &detections()).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, reason) in [
            ("", "ends where"),
            ("a and", "ends where"),
            ("a b", "goes on with `b`"),
            ("c", "names `c`"),
            ("1 of x*", "no detection has such a name"),
            ("2 of sel_*", "`2 of`"),
            ("(a", "without its `)`"),
            ("a | count() > 5", "aggregation"),
            ("a; b", "has `;`"),
            (&"not ".repeat(1000), "inside each other"),
        ] {
            let error = read(text, &detections()).map(|expr| shown(&expr)).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
