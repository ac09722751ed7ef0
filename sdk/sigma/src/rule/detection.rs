//! The `detection` of a rule: maps, lists of maps, keywords; then its condition.

use super::{DEPTH, EXPANDED, Options, Refused, condition, value};
use crate::pack::Expr;
use crate::yaml::{Node, Value};

/// The named detections, and the whole of it as one expression.
pub(super) fn read(node: &Node, options: &Options) -> Result<(Vec<(String, Expr)>, Expr), Refused> {
    let entries = node.map().ok_or_else(|| ("no-detection", node.wrong("`detection` is no mapping")))?;
    let conditions =
        node.get("condition").ok_or_else(|| ("no-condition", node.wrong("`detection` has no `condition`")))?;
    let mut detections = Vec::new();
    for (name, body) in entries {
        let name_text = name.text().unwrap_or_default();
        match name_text {
            "condition" => {}
            "timeframe" => {
                let reason = "`timeframe` belongs to aggregations, which Sigma 2 replaced by correlations";
                return Err(("correlation", name.wrong(reason)));
            }
            _ => detections.push((name_text.to_owned(), search(body, options)?)),
        }
    }
    let mut any = Vec::new();
    let list = match &conditions.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(conditions),
    };
    for item in list {
        let text = item.text().ok_or_else(|| ("condition", item.wrong("the condition is no text")))?;
        let expr = condition::read(text, &detections).map_err(|reason| {
            let kind = if reason.contains("aggregation") { "correlation" } else { "condition" };
            let short: String = text.chars().take(80).collect();
            (kind, item.wrong(format!("the condition `{short}` {reason}")))
        })?;
        any.push(expr);
    }
    let expr = match any.len() {
        0 => return Err(("condition", conditions.wrong("`condition` is an empty list"))),
        1 => any.remove(0),
        _ => Expr::Any(any),
    };
    let size = size(&expr);
    if size > EXPANDED {
        let reason = format!(
            "comes to {size} tests when its condition and modifiers are written out, at most {EXPANDED}: split it"
        );
        return Err(("too-large", node.wrong(reason)));
    }
    if depth(&expr) > DEPTH {
        return Err(("too-large", node.wrong(format!("has more than {DEPTH} conditions inside each other: split it"))));
    }
    Ok((detections, expr))
}

fn depth(expr: &Expr) -> usize {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => 1 + parts.iter().map(depth).max().unwrap_or(0),
        Expr::Not(part) => 1 + depth(part),
        Expr::Is(..) | Expr::Keyword(_) => 1,
    }
}

fn size(expr: &Expr) -> usize {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => 1 + parts.iter().map(size).sum::<usize>(),
        Expr::Not(part) => 1 + size(part),
        Expr::Is(..) | Expr::Keyword(_) => 1,
    }
}

/// One named detection: a map is every entry of it, a list any item, anything else a keyword.
fn search(node: &Node, options: &Options) -> Result<Expr, Refused> {
    match &node.value {
        Value::Map(entries) => {
            if entries.is_empty() {
                return Err(("no-detection", node.wrong("a detection is an empty mapping")));
            }
            let mut all = Vec::with_capacity(entries.len());
            for (key, values) in entries {
                all.push(value::item(key, values, options)?);
            }
            Ok(if all.len() == 1 { all.remove(0) } else { Expr::All(all) })
        }
        Value::List(items) => {
            if items.is_empty() {
                return Err(("no-detection", node.wrong("a detection is an empty list")));
            }
            Ok(Expr::Any(items.iter().map(|item| search(item, options)).collect::<Result<_, _>>()?))
        }
        Value::Scalar { .. } => value::keyword(node),
    }
}
