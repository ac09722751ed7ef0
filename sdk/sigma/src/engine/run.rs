//! One batch through a plan.
//!
//! After each stage every rule that is still possible keeps the rows on which it may hold, whatever the fields of later stages
//! say; those are then looked at on such rows only. What is not looked at yet may be true and may be false: hence the two
//! bounds, [`State::may`] and [`State::must`]. When nothing is left to look at they are the same, unless whole events are denied.

mod fulfilled;

use self::fulfilled::{Fulfilled, On, Slots};
use super::column::Column;
use super::index::Scratch;
use super::plan::{Field, Kind, Node, Plan, PlanRule, STAGES};
use super::rows::Rows;
use super::{Events, Match, Places, ROWS};
use crate::pattern::fold;
use crate::test::Relation;

/// Where fewer than this part of the rows are in play, columns are asked for on those only, also in the first stages.
const SPARSE: usize = 2;
/// From this stage on columns are asked for on the rows left over only.
const CHOSEN_ROWS: usize = 2;

pub(super) fn run(plan: &Plan, events: &impl Events, places: &Places) -> Result<Vec<Match>, String> {
    let count = events.rows();
    if count > ROWS {
        return Err(format!("a batch has {count} rows, at most {ROWS}"));
    }
    let mut state = State {
        plan,
        events,
        places,
        count,
        slots: vec![0; plan.field_of.len()],
        sets: Vec::new(),
        leaves: Vec::new(),
        done: vec![false; plan.fields.len()],
        denied: false,
        scratch: Scratch::default(),
        fulfilled: Fulfilled::default(),
    };
    let all = Rows::all(count);
    for field in &plan.stages[0] {
        state.look(*field, &all, false)?;
    }
    let guards: Vec<Rows> = plan.guards.iter().map(|guard| state.may(&guard.node, &all)).collect();
    for field in &plan.stages[1] {
        let mut rows = Rows::none(count);
        let used = plan.fields.get(*field as usize).map_or(&[][..], |field| &field.guards);
        used.iter().filter_map(|guard| guards.get(*guard as usize)).for_each(|guard| rows.or(guard));
        // Of a log source that is a part of the batch, the rest is not worth a column.
        state.look(*field, &rows, rows.count() < count / SPARSE)?;
    }
    let mut alive: Vec<(&PlanRule, Rows)> = Vec::new();
    for rule in state.touched(&guards) {
        let Some(rows) = guards.get(rule.guard as usize) else { continue };
        let left = state.may(&rule.node, rows);
        if !left.is_empty() {
            alive.push((rule, left));
        }
    }
    for stage in CHOSEN_ROWS..STAGES {
        let wanted = |field: u32| {
            let mut rows = Rows::none(count);
            alive
                .iter()
                .filter(|(rule, _)| rule.fields.get(stage).is_some_and(|fields| fields.contains(&field)))
                .for_each(|(_, left)| rows.or(left));
            rows
        };
        let fields: Vec<(u32, Rows)> = plan.stages[stage].iter().map(|field| (*field, wanted(*field))).collect();
        if fields.is_empty() {
            continue;
        }
        for (field, rows) in fields {
            state.look(field, &rows, true)?;
        }
        alive.retain_mut(|(rule, left)| {
            *left = state.may(&rule.node, left);
            !left.is_empty()
        });
    }
    if state.denied {
        // A rule whose keywords nobody may look for holds where it does whatever they would say.
        alive.iter_mut().for_each(|(rule, left)| *left = state.must(&rule.node, left));
    }
    let mut matches = Vec::new();
    for (rule, left) in &alive {
        left.each(|row| matches.push(Match { row, rule: rule.rule }));
    }
    matches.sort_unstable();
    // Two log sources of one rule may both be the event's.
    matches.dedup();
    Ok(matches)
}

struct State<'r, E> {
    plan: &'r Plan,
    events: &'r E,
    /// Fields that stand elsewhere in these events than the pack says.
    places: &'r Places,
    /// Rows of the batch.
    count: usize,
    /// Per test: 0 where no row fulfils it, or its set plus one.
    slots: Vec<u32>,
    sets: Vec<Rows>,
    /// Per set: its test.
    leaves: Vec<u32>,
    /// Per field: whether its tests are known.
    done: Vec<bool>,
    /// Whether whole events may not be looked at.
    denied: bool,
    scratch: Scratch,
    fulfilled: Fulfilled,
}

impl<'r, E: Events> State<'r, E> {
    /// The rules that may hold by what was seen so far: those that need no test of the first stages, and those of whose needed
    /// tests one is fulfilled somewhere. In order; the others are not looked at.
    fn touched(&self, guards: &[Rows]) -> Vec<&'r PlanRule> {
        let plan = self.plan;
        let alive = |guard: u32| guards.get(guard as usize).is_some_and(|rows| !rows.is_empty());
        let mut touched: Vec<u32> = Vec::new();
        for (guard, rows) in plan.guards.iter().zip(guards) {
            if !rows.is_empty() {
                touched.extend(&guard.always);
            }
        }
        for leaf in &self.leaves {
            touched.extend(plan.needing(*leaf).iter().filter(|(guard, _)| alive(*guard)).map(|(_, rule)| rule));
        }
        touched.sort_unstable();
        touched.dedup();
        touched.into_iter().filter_map(|rule| plan.rules.get(rule as usize)).collect()
    }

    /// Puts a field's tests to its values on these rows. On other rows they stay unfulfilled, and no rule asks.
    fn look(&mut self, number: u32, rows: &Rows, chosen: bool) -> Result<(), String> {
        let plan = self.plan;
        let Some(field) = plan.fields.get(number as usize) else { return Ok(()) };
        if let Some(done) = self.done.get_mut(number as usize) {
            *done = true;
        }
        if rows.is_empty() {
            return Ok(());
        }
        self.scratch.clear();
        match &field.kind {
            Kind::Paths(paths) => {
                let nothing = field.index.is_empty() && field.listed.is_empty();
                if nothing && field.null.is_none() && field.exists.is_none() {
                    return Ok(());
                }
                let mut present = Rows::none(self.count);
                for (path, many) in self.places.of(&field.name).unwrap_or(paths) {
                    self.path(field, path, *many, rows, chosen, &mut present)?;
                }
                self.presence(field, rows, &present);
                Ok(())
            }
            Kind::Pair { one, other, relation, cased, leaf } => {
                self.compare(*one, *other, *relation, *cased, *leaf, rows)
            }
            Kind::Whole(raw) => {
                for row in rows.list() {
                    let Some(whole) = self.events.whole(row)? else {
                        // Not known, and it stays so.
                        if let Some(done) = self.done.get_mut(number as usize) {
                            *done = false;
                        }
                        self.denied = true;
                        return Ok(());
                    };
                    if raw.as_ref().is_none_or(|raw| raw.may_hold(&whole)) {
                        field.index.hits_of_whole(&whole, &mut self.scratch);
                        let hits = std::mem::take(&mut self.scratch.hits);
                        hits.iter().for_each(|leaf| self.set(*leaf).insert(row));
                        self.scratch.hits = hits;
                    }
                }
                Ok(())
            }
        }
    }

    fn path(
        &mut self,
        field: &Field,
        path: &str,
        many: bool,
        rows: &Rows,
        chosen: bool,
        present: &mut Rows,
    ) -> Result<(), String> {
        let starts;
        let (column, slots) = if many {
            let column;
            (starts, column) = self.events.values(path)?;
            (column, Slots::Many(&starts))
        } else if chosen {
            (self.events.column_for(path, &rows.list())?, Slots::Chosen)
        } else {
            (self.events.column(path)?, Slots::Every)
        };
        if column.distinct() == 0 {
            return Ok(());
        }
        if field.null.is_some() || field.exists.is_some() {
            fulfilled::present(&column, rows, &slots, present);
        }
        if field.index.is_empty() && field.listed.is_empty() {
            return Ok(());
        }
        let mut fulfilled = std::mem::take(&mut self.fulfilled);
        fulfilled.start(&column, rows, &slots);
        if !field.index.is_empty() {
            self.judge(field, &column, &mut fulfilled);
        }
        for (list, leaf) in &field.listed {
            self.look_up(list, *leaf, &column, &mut fulfilled)?;
        }
        fulfilled.rows(&column, rows, &slots, self.count, |leaf, on| match on {
            On::Row(row) => self.set(leaf).insert(row),
            On::Rows(rows) => self.set(leaf).or(rows),
        });
        self.fulfilled = fulfilled;
        Ok(())
    }

    /// Every distinct value that stands on a row in play.
    fn judge(&mut self, field: &Field, column: &Column, fulfilled: &mut Fulfilled) {
        fulfilled.each(|entry, told| {
            let (kind, text) = column.entry(entry as usize);
            field.index.hits(kind, text, &mut self.scratch);
            told.extend(self.scratch.hits.iter().map(|leaf| (entry, *leaf)));
        });
    }

    /// Looks every distinct text that stands on a row in play up in a list.
    fn look_up(&self, list: &str, leaf: u32, column: &Column, fulfilled: &mut Fulfilled) -> Result<(), String> {
        let mut texts = Vec::new();
        fulfilled.each(|entry, _| {
            let mut take = |kind: super::Kind, text: &str| {
                if !matches!(kind, super::Kind::Null | super::Kind::Array | super::Kind::Object) {
                    texts.push((said(kind, text).to_owned(), entry));
                }
            };
            match column.entry(entry as usize) {
                (super::Kind::Array, text) => super::json::elements(text, &mut take),
                (kind, text) => take(kind, text),
            }
        });
        let keys: Vec<&str> = texts.iter().map(|(text, _)| text.as_str()).collect();
        let has = if keys.is_empty() { Vec::new() } else { self.events.listed(list, &keys)? };
        let found = texts.iter().zip(has).filter(|(_, has)| *has);
        fulfilled.tell(found.map(|((_, entry), _)| (*entry, leaf)));
        Ok(())
    }

    fn set(&mut self, leaf: u32) -> &mut Rows {
        let place = match self.slots.get(leaf as usize) {
            Some(slot) if *slot > 0 => *slot as usize - 1,
            _ => {
                self.sets.push(Rows::none(self.count));
                self.leaves.push(leaf);
                if let (Some(slot), Ok(number)) = (self.slots.get_mut(leaf as usize), u32::try_from(self.sets.len())) {
                    *slot = number;
                }
                self.sets.len() - 1
            }
        };
        &mut self.sets[place]
    }

    fn presence(&mut self, field: &Field, rows: &Rows, present: &Rows) {
        if let Some(leaf) = field.exists {
            let mut held = *rows;
            held.and(present);
            self.set(leaf).or(&held);
        }
        if let Some(leaf) = field.null {
            let mut held = *rows;
            held.without(present);
            self.set(leaf).or(&held);
        }
    }

    fn compare(
        &mut self,
        one: usize,
        other: usize,
        relation: Relation,
        cased: bool,
        leaf: u32,
        rows: &Rows,
    ) -> Result<(), String> {
        let list = rows.list();
        let (left, right) = (self.texts(one, &list, cased)?, self.texts(other, &list, cased)?);
        for (row, (left, right)) in list.iter().zip(left.iter().zip(&right)) {
            if left.iter().any(|text| right.iter().any(|other| relation.holds(text, other))) {
                self.set(leaf).insert(*row);
            }
        }
        Ok(())
    }

    /// A field's texts on each of these rows.
    fn texts(&self, field: usize, rows: &[u32], cased: bool) -> Result<Vec<Vec<String>>, String> {
        let mut out = vec![Vec::new(); rows.len()];
        let Some(Field { kind: Kind::Paths(paths), name, .. }) = self.plan.fields.get(field) else { return Ok(out) };
        let paths = self.places.of(name).unwrap_or(paths);
        let mut keep = |place: usize, value: Option<(super::Kind, &str)>| {
            let (Some((kind, text)), Some(texts)) = (value, out.get_mut(place)) else { return };
            let mut take = |kind: super::Kind, text: &str| {
                use super::Kind::{Array, Null, Object};
                if !matches!(kind, Null | Array | Object) {
                    let mut folded = String::new();
                    if cased {
                        folded.push_str(text)
                    } else {
                        fold(text, &mut folded)
                    }
                    texts.push(folded);
                }
            };
            if kind == super::Kind::Array {
                super::json::elements(text, &mut take)
            } else {
                take(kind, said(kind, text))
            }
        };
        for (path, many) in paths {
            if *many {
                let (starts, column) = self.events.values(path)?;
                for (place, row) in rows.iter().enumerate() {
                    let at = |row: usize| starts.get(row).copied().unwrap_or(0) as usize;
                    (at(*row as usize)..at(*row as usize + 1)).for_each(|slot| keep(place, column.get(slot)));
                }
            } else {
                let column = self.events.column_for(path, rows)?;
                (0..rows.len()).for_each(|place| keep(place, column.get(place)));
            }
        }
        Ok(out)
    }

    /// The rows of `within` on which a condition holds, or may hold once everything is known.
    fn may(&self, node: &Node, within: &Rows) -> Rows {
        self.bound(node, within, true)
    }

    /// Those on which it holds whatever is not known yet.
    fn must(&self, node: &Node, within: &Rows) -> Rows {
        self.bound(node, within, false)
    }

    fn bound(&self, node: &Node, within: &Rows, may: bool) -> Rows {
        match node {
            Node::EachOf(leaves) => {
                // Most rules end here: nothing is copied for them.
                let hopeless = |leaf: &u32| match self.known(*leaf) {
                    Known::Set(_) => false,
                    Known::Nothing => true,
                    Known::Not => !may,
                };
                if leaves.iter().any(hopeless) {
                    return Rows::none(self.count);
                }
                let mut out = *within;
                for leaf in leaves {
                    if let Known::Set(set) = self.known(*leaf) {
                        out.and(set);
                    }
                }
                out
            }
            Node::OneOf(leaves) => {
                let mut out = Rows::none(self.count);
                for leaf in leaves {
                    match self.known(*leaf) {
                        Known::Set(set) => out.or(set),
                        Known::Not if may => return *within,
                        Known::Nothing | Known::Not => {}
                    }
                }
                out.and(within);
                out
            }
            Node::All(parts) => {
                let mut out = *within;
                for part in parts {
                    if out.is_empty() {
                        break;
                    }
                    out = self.bound(part, &out, may);
                }
                out
            }
            Node::Any(parts) => {
                let (mut out, mut left) = (Rows::none(self.count), *within);
                for part in parts {
                    let more = self.bound(part, &left, may);
                    out.or(&more);
                    left.without(&more);
                    if left.is_empty() {
                        break;
                    }
                }
                out
            }
            Node::Not(part) => {
                let denied = if may { self.must(part, within) } else { self.may(part, within) };
                let mut out = *within;
                out.without(&denied);
                out
            }
        }
    }

    fn known(&self, leaf: u32) -> Known<'_> {
        match self.slots.get(leaf as usize).copied().unwrap_or(0) as usize {
            0 => {
                let field = self.plan.field_of.get(leaf as usize).copied().unwrap_or(0);
                if self.done.get(field as usize).copied().unwrap_or(true) { Known::Nothing } else { Known::Not }
            }
            slot => self.sets.get(slot - 1).map_or(Known::Nothing, Known::Set),
        }
    }
}

enum Known<'s> {
    Set(&'s Rows),
    /// No row fulfils it.
    Nothing,
    /// Its field was not looked at yet.
    Not,
}

fn said(kind: super::Kind, text: &str) -> &str {
    match kind {
        super::Kind::True => "true",
        super::Kind::False => "false",
        _ => text,
    }
}
