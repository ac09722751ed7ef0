//! One entry of a detection: a field with modifiers and its values, as tests.

mod encode;

use super::{Options, Refused};
use crate::pack::Expr;
use crate::pattern::Pattern;
use crate::test::{Cidr, Compare, Relation, Test, TimePart};
use crate::yaml::{Node, Scalar, Value};

/// Bytes that a compiled regular expression may take.
pub(crate) const REGEX_BYTES: usize = 1 << 20;

/// What makes one value of a rule into tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Text,
    Regex,
    Cidr,
    Exists,
    Field,
    Number(Compare),
}

/// The modifiers of a key, each once and all of them fitting together.
#[derive(Debug)]
struct Modifiers {
    operator: Operator,
    relation: Relation,
    part: Option<TimePart>,
    encodings: Vec<encode::Encoding>,
    windash: bool,
    expand: bool,
    all: bool,
    cased: bool,
    differs: bool,
    flags: String,
}

/// `field|modifiers: values`; without a field, keywords.
pub(super) fn item(key: &Node, values: &Node, options: &Options) -> Result<Expr, Refused> {
    let text = key.text().unwrap_or_default();
    let mut words = text.split('|');
    let field = words.next().unwrap_or_default().trim();
    let modifiers = modifiers(words).map_err(|(kind, reason)| (kind, key.wrong(format!("`{text}` {reason}"))))?;
    let list = match &values.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(values),
    };
    if list.is_empty() {
        return Err(("value", key.wrong(format!("`{text}` has an empty list of values"))));
    }
    let mut tests = Vec::with_capacity(list.len());
    for node in list {
        let Some(scalar) = node.scalar() else {
            let reason = format!(
                "`{text}` has a value that is a mapping or a list: a field has texts, numbers, true, false or null"
            );
            return Err(("value", node.wrong(reason)));
        };
        let any = modifiers
            .tests(&scalar, options)
            .map_err(|(kind, reason)| (kind, node.wrong(format!("`{text}` {reason}"))))?;
        let any: Vec<Expr> = any.into_iter().map(|expr| expr.on(field)).collect();
        tests.push(any);
    }
    if field.is_empty() && !matches!(modifiers.operator, Operator::Text | Operator::Regex) {
        return Err(("modifier", key.wrong(format!("`{text}` asks without a field what only a field can answer"))));
    }
    let in_list = |expr: &Expr| matches!(expr, Expr::Keyword(Test::Listed(_)));
    if tests.iter().flatten().any(in_list) {
        let reason = format!("`{text}` has a placeholder without values: give them, `--placeholder NAME=VALUE,...`");
        return Err(("placeholder", key.wrong(reason)));
    }
    let mut expr = if modifiers.all {
        Expr::All(tests.into_iter().map(any).collect())
    } else {
        any(tests.into_iter().flatten().collect())
    };
    if modifiers.differs {
        if field.is_empty() {
            return Err(("modifier", key.wrong(format!("`{text}`: neq needs a field"))));
        }
        expr = Expr::All(vec![Expr::Is(field.to_owned(), Test::Exists), Expr::Not(Box::new(expr))]);
    }
    Ok(expr)
}

/// A value that stands without a field.
pub(super) fn keyword(node: &Node) -> Result<Expr, Refused> {
    match node.scalar() {
        Some(Scalar::Text(text) | Scalar::Number(_, text)) if !text.is_empty() => {
            Ok(Expr::Keyword(contained(Pattern::sigma(text))))
        }
        Some(Scalar::Bool(truth)) => {
            Ok(Expr::Keyword(contained(Pattern::literal(if truth { "true" } else { "false" }))))
        }
        _ => Err(("value", node.wrong("a keyword is empty: give the text to look for"))),
    }
}

fn contained(pattern: Pattern) -> Test {
    Test::Text(pattern.any_before().any_after())
}

fn any(mut tests: Vec<Expr>) -> Expr {
    if tests.len() == 1 { tests.remove(0) } else { Expr::Any(tests) }
}

/// A test, or the opposite of one.
enum Asked {
    Yes(Test),
    No(Test),
}

impl Asked {
    fn on(self, field: &str) -> Expr {
        let is = |test: Test| match (field.is_empty(), test) {
            (true, Test::Text(pattern)) => Expr::Keyword(contained(pattern)),
            (true, Test::Cased(pattern)) => Expr::Keyword(Test::Cased(pattern.any_before().any_after())),
            (true, test) => Expr::Keyword(test),
            (false, test) => Expr::Is(field.to_owned(), test),
        };
        match self {
            Self::Yes(test) => is(test),
            Self::No(test) => Expr::Not(Box::new(is(test))),
        }
    }
}

type Reason = (&'static str, String);

fn modifiers<'m>(words: impl Iterator<Item = &'m str>) -> Result<Modifiers, Reason> {
    use Compare::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let mut out = Modifiers {
        operator: Operator::Text,
        relation: Relation::Equals,
        part: None,
        encodings: Vec::new(),
        windash: false,
        expand: false,
        all: false,
        cased: false,
        differs: false,
        flags: String::new(),
    };
    let mut seen: Vec<&str> = Vec::new();
    for word in words {
        if seen.contains(&word) {
            return Err(("modifier", format!("has the modifier `{word}` twice")));
        }
        seen.push(word);
        let mut operator = |operator: Operator| match std::mem::replace(&mut out.operator, operator) {
            Operator::Text => Ok(()),
            _ => Err(("modifier", format!("has `{word}` besides another modifier that says how to compare"))),
        };
        match word {
            "contains" => relation(&mut out, Relation::Contains)?,
            "startswith" => relation(&mut out, Relation::StartsWith)?,
            "endswith" => relation(&mut out, Relation::EndsWith)?,
            "re" => operator(Operator::Regex)?,
            "cidr" => operator(Operator::Cidr)?,
            "exists" => operator(Operator::Exists)?,
            "fieldref" => operator(Operator::Field)?,
            "gt" => operator(Operator::Number(Greater))?,
            "gte" => operator(Operator::Number(GreaterOrEqual))?,
            "lt" => operator(Operator::Number(Less))?,
            "lte" => operator(Operator::Number(LessOrEqual))?,
            "neq" => out.differs = true,
            "all" => out.all = true,
            "cased" => out.cased = true,
            "windash" => out.windash = true,
            "expand" => out.expand = true,
            "i" | "ignorecase" => out.flags.push('i'),
            "m" | "multiline" => out.flags.push('m'),
            "s" | "dotall" => out.flags.push('s'),
            "minute" | "hour" | "day" | "week" | "month" | "year" => {
                if out.part.is_some() {
                    return Err(("modifier", "names two parts of a time".into()));
                }
                out.part = Some(match word {
                    "minute" => TimePart::Minute,
                    "hour" => TimePart::Hour,
                    "day" => TimePart::Day,
                    "week" => TimePart::Week,
                    "month" => TimePart::Month,
                    _ => TimePart::Year,
                });
            }
            _ => match encode::Encoding::of(word) {
                Some(encoding) => out.encodings.push(encoding),
                None => return Err(("modifier", format!("has the modifier `{word}`, which Sigma does not know"))),
            },
        }
    }
    out.fit()?;
    Ok(out)
}

fn relation(out: &mut Modifiers, relation: Relation) -> Result<(), Reason> {
    if out.relation != Relation::Equals {
        return Err(("modifier", "has two of contains, startswith and endswith".into()));
    }
    out.relation = relation;
    Ok(())
}

impl Modifiers {
    /// Whether they fit together: a modifier that changes nothing is a mistake.
    fn fit(&self) -> Result<(), Reason> {
        let text = self.operator == Operator::Text;
        let changes_text = self.windash || self.expand || !self.encodings.is_empty();
        let wrong = |reason: &str| Err(("modifier", reason.to_owned()));
        if changes_text && !text {
            return wrong(
                "changes a text that is not compared as text: leave out windash, expand, wide, base64 or what compares",
            );
        }
        if self.relation != Relation::Equals && !matches!(self.operator, Operator::Text | Operator::Field) {
            return wrong("has contains, startswith or endswith besides another modifier that says how to compare");
        }
        if !self.flags.is_empty() && self.operator != Operator::Regex {
            return wrong("has flags of a regular expression without `re`");
        }
        if self.cased && !matches!(self.operator, Operator::Text | Operator::Field) {
            return wrong("has `cased` where case means nothing (`re` is in case unless `i` says otherwise)");
        }
        if self.part.is_some()
            && !(text && !changes_text && self.relation == Relation::Equals
                || matches!(self.operator, Operator::Number(_)))
        {
            return wrong("compares a part of a time otherwise than as a number");
        }
        Ok(())
    }

    /// What one value asks; any of them is enough.
    fn tests(&self, scalar: &Scalar<'_>, options: &Options) -> Result<Vec<Asked>, Reason> {
        let wrong = |reason: String| Err(("value", reason));
        let compare = match self.operator {
            Operator::Number(compare) => Some(compare),
            Operator::Text if self.part.is_some() => Some(Compare::Equal),
            _ => None,
        };
        if let Some(compare) = compare {
            let number = match scalar {
                Scalar::Number(number, _) => Some(*number),
                Scalar::Text(text) => crate::test::number(text),
                _ => None,
            };
            let Some(number) = number else { return wrong("compares with what is no number".into()) };
            return Ok(vec![Asked::Yes(match self.part {
                Some(part) => Test::Time(part, compare, number),
                None => Test::Number(compare, number),
            })]);
        }
        match (self.operator, scalar) {
            (Operator::Exists, Scalar::Bool(true)) => Ok(vec![Asked::Yes(Test::Exists)]),
            (Operator::Exists, Scalar::Bool(false)) => Ok(vec![Asked::No(Test::Exists)]),
            (Operator::Exists, _) => wrong("`exists` takes true or false".into()),
            (Operator::Field, Scalar::Text(other)) if !other.is_empty() => Ok(vec![Asked::Yes(Test::Field {
                other: (*other).to_owned(),
                relation: self.relation,
                cased: self.cased,
            })]),
            (Operator::Field, _) => wrong("`fieldref` takes the name of a field".into()),
            (Operator::Cidr, Scalar::Text(text)) => match Cidr::parse(text) {
                Ok(cidr) => Ok(vec![Asked::Yes(Test::Cidr(cidr))]),
                Err(reason) => wrong(format!("has `{text}`: {reason}")),
            },
            (Operator::Cidr, _) => wrong("`cidr` takes networks like 10.0.0.0/8".into()),
            (Operator::Regex, Scalar::Text(text) | Scalar::Number(_, text)) => self.regex(text),
            (Operator::Regex, _) => wrong("`re` takes texts".into()),
            (_, Scalar::Null) if self.plain() => Ok(vec![Asked::Yes(Test::Null)]),
            (_, Scalar::Null) => wrong("has null with a modifier that needs a text".into()),
            (_, Scalar::Bool(truth)) if self.plain() => Ok(vec![Asked::Yes(Test::Bool(*truth))]),
            (_, Scalar::Bool(truth)) => self.texts(if *truth { "true" } else { "false" }, options),
            (_, Scalar::Number(number, _)) if self.plain() => {
                Ok(vec![Asked::Yes(Test::Number(Compare::Equal, *number))])
            }
            (_, Scalar::Number(_, text) | Scalar::Text(text)) => self.texts(text, options),
        }
    }

    /// Whether values are compared as they are.
    fn plain(&self) -> bool {
        self.operator == Operator::Text
            && self.relation == Relation::Equals
            && !self.windash
            && !self.expand
            && self.encodings.is_empty()
    }

    fn regex(&self, text: &str) -> Result<Vec<Asked>, Reason> {
        let expression = if self.flags.is_empty() { text.to_owned() } else { format!("(?{}){text}", self.flags) };
        match regex::RegexBuilder::new(&expression).size_limit(REGEX_BYTES).build() {
            Ok(_) => Ok(vec![Asked::Yes(Test::Regex(expression))]),
            Err(regex::Error::CompiledTooBig(limit)) => Err((
                "regex",
                format!("has a regular expression that takes more than {limit} bytes when it is compiled"),
            )),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(("regex", format!("has a regular expression that is not taken: {reason}")))
            }
        }
    }

    fn texts(&self, text: &str, options: &Options) -> Result<Vec<Asked>, Reason> {
        let as_it_is = self.relation == Relation::Equals && !self.windash && !self.cased && self.encodings.is_empty();
        if self.expand
            && as_it_is
            && let Some(list) = encode::list(text, options)
        {
            return Ok(vec![Asked::Yes(Test::Listed(list))]);
        }
        let mut patterns = vec![Pattern::sigma(text)];
        if self.expand {
            patterns = encode::expand(text, options).map_err(|reason| ("placeholder", reason))?;
        }
        for encoding in &self.encodings {
            let each = patterns.iter().map(|pattern| encoding.apply(pattern));
            patterns = each.collect::<Result<Vec<_>, _>>().map_err(|reason| ("value", reason))?.concat();
        }
        patterns = patterns.into_iter().map(encode::shown).collect();
        if self.windash {
            patterns = patterns
                .iter()
                .map(encode::windash)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|reason| ("value", reason))?
                .concat();
        }
        let test = |pattern: Pattern| {
            let pattern = match self.relation {
                Relation::Equals => pattern,
                Relation::Contains => pattern.any_before().any_after(),
                Relation::StartsWith => pattern.any_after(),
                Relation::EndsWith => pattern.any_before(),
            };
            Asked::Yes(if self.cased { Test::Cased(pattern) } else { Test::Text(pattern) })
        };
        Ok(patterns.into_iter().map(test).collect())
    }
}
