//! The rules of one source as operations on sets of rows, and the order in which its fields are looked at.

use std::collections::BTreeMap;

use super::Size;
use super::index::{Index, Leaf, Raw};
use crate::pack::{Expr, FieldPlace, Pack, SourceFields};
use crate::pattern::Part;
use crate::test::{Relation, Test};

/// Stage 0: what tells log sources apart. Then by weight; then whole events.
pub(super) const STAGES: usize = 5;
const WHOLE_STAGE: usize = STAGES - 1;

/// A condition over tests that have numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// Each of these; not empty.
    EachOf(Box<[Leaf]>),
    /// One of these; not empty.
    OneOf(Box<[Leaf]>),
}

/// What a field is made of.
#[derive(Debug)]
pub(super) enum Kind {
    /// Paths, each with whether it has several values an event.
    Paths(Vec<(String, bool)>),
    /// Two fields that are compared with each other; the test's number.
    Pair { one: usize, other: usize, relation: Relation, cased: bool, leaf: Leaf },
    /// Every value of the event, with what its text must hold for that.
    Whole(Option<Raw>),
}

/// A field with the tests that any rule puts to it.
#[derive(Debug)]
pub(super) struct Field {
    /// As rules name it; empty for what is made of others.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) index: Index,
    pub(super) null: Option<Leaf>,
    pub(super) exists: Option<Leaf>,
    /// Lists in which its values are looked up.
    pub(super) listed: Vec<(String, Leaf)>,
    /// Log sources whose rules use it.
    pub(super) guards: Vec<u32>,
}

/// One rule.
#[derive(Debug)]
pub(super) struct PlanRule {
    /// Its index in the pack.
    pub(super) rule: u32,
    /// Its log source.
    pub(super) guard: u32,
    pub(super) node: Node,
    /// Its fields by stage.
    pub(super) fields: [Box<[u32]>; STAGES],
}

/// Rules of one log source: what their events must be, as far as the source does not say it.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) node: Node,
    /// Its rules that need no test of the first stages, by their number in the plan.
    pub(super) always: Vec<u32>,
}

/// All rules of one source.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) fields: Vec<Field>,
    /// By stage.
    pub(super) stages: [Vec<u32>; STAGES],
    /// Per test: its field.
    pub(super) field_of: Vec<u32>,
    pub(super) guards: Vec<Guard>,
    pub(super) rules: Vec<PlanRule>,
    /// Log source and number of the rules that need a test, by test: those of test i end at `needing_ends[i]`.
    needing: Vec<(u32, u32)>,
    needing_ends: Vec<u32>,
}

/// What is known of a field while planning.
struct Draft<'p> {
    name: &'p str,
    kind: Kind,
    stage: usize,
    tests: Vec<(Leaf, &'p Test)>,
    guards: Vec<u32>,
}

struct Planner<'p> {
    source: &'p SourceFields,
    drafts: Vec<Draft<'p>>,
    by_name: BTreeMap<&'p str, usize>,
    known: BTreeMap<(usize, String), Leaf>,
    field_of: Vec<u32>,
    /// Per test: how rarely it is fulfilled, by guess.
    rarity: Vec<usize>,
}

impl Plan {
    pub(super) fn new(pack: &Pack, source: &str) -> Result<Self, String> {
        let Some(fields) = pack.sources.get(source) else { return Err(format!("the pack has no source `{source}`")) };
        let mut planner = Planner {
            source: fields,
            drafts: Vec::new(),
            by_name: BTreeMap::new(),
            known: BTreeMap::new(),
            field_of: Vec::new(),
            rarity: Vec::new(),
        };
        let mut guards: Vec<(&Expr, Vec<(u32, &Expr)>)> = Vec::new();
        for (index, rule) in (0u32..).zip(&pack.rules) {
            for (_, guard) in rule.sources.iter().filter(|(name, _)| name == source) {
                match guards.iter_mut().find(|(known, _)| *known == guard) {
                    Some((_, rules)) => rules.push((index, &rule.when)),
                    None => guards.push((guard, vec![(index, &rule.when)])),
                }
            }
        }
        let nodes: Vec<Node> = guards.iter().map(|(guard, _)| planner.node(guard, None)).collect();
        planner.drafts.iter_mut().for_each(|draft| draft.stage = 0);
        let mut planned = Vec::new();
        for (number, (node, (_, rules))) in (0u32..).zip(nodes.into_iter().zip(&guards)) {
            let rules =
                rules.iter().map(|(index, when)| (*index, planner.node(when, Some(number)))).collect::<Vec<_>>();
            planned.push((node, rules));
        }
        planner.finish(planned).map_err(|reason| format!("source {source}: {reason}"))
    }

    /// The rules that may hold only where a test does: log source and number.
    pub(super) fn needing(&self, leaf: Leaf) -> &[(u32, u32)] {
        let end = |leaf: usize| self.needing_ends.get(leaf).map_or(0, |end| *end as usize);
        let leaf = leaf as usize;
        self.needing.get(leaf.checked_sub(1).map_or(0, end)..end(leaf)).unwrap_or_default()
    }

    pub(super) fn size(&self) -> Size {
        Size {
            rules: self.rules.len(),
            fields: self.fields.len(),
            tests: self.field_of.len(),
            automata: self.fields.iter().map(|field| field.index.automaton_bytes()).sum(),
        }
    }
}

impl<'p> Planner<'p> {
    fn node(&mut self, expr: &'p Expr, guard: Option<u32>) -> Node {
        match expr {
            Expr::All(parts) => {
                let parts = parts.iter().map(|part| self.node(part, guard)).collect();
                self.joined(parts, true)
            }
            Expr::Any(parts) => {
                let parts = parts.iter().map(|part| self.node(part, guard)).collect();
                self.joined(parts, false)
            }
            Expr::Not(part) => match self.node(part, guard) {
                Node::Not(inner) => *inner,
                node => Node::Not(Box::new(node)),
            },
            Expr::Is(name, test) => {
                let field = self.field(name);
                let field = match test {
                    Test::Field { other, relation, cased } => {
                        let other = self.field(other);
                        let pair = self.pair(field, other, *relation, *cased);
                        self.used(field, guard);
                        self.used(other, guard);
                        pair
                    }
                    _ => field,
                };
                self.used(field, guard);
                self.leaf(field, test)
            }
            Expr::Keyword(test) => {
                let field = self.whole(guard);
                self.used(field, guard);
                self.leaf(field, test)
            }
        }
    }

    /// Nested conditions of one kind become one, single tests one set of tests, cheap ones first.
    fn joined(&self, parts: Vec<Node>, all: bool) -> Node {
        let mut leaves: Vec<Leaf> = Vec::new();
        let mut nodes: Vec<Node> = Vec::new();
        for part in parts {
            match part {
                Node::EachOf(more) if all => leaves.extend(more),
                Node::OneOf(more) if !all => leaves.extend(more),
                Node::EachOf(more) | Node::OneOf(more) if more.len() == 1 => leaves.extend(more),
                Node::All(more) if all => nodes.extend(more),
                Node::Any(more) if !all => nodes.extend(more),
                other => nodes.push(other),
            }
        }
        leaves.sort_unstable_by_key(|leaf| (self.stage(*leaf), *leaf));
        leaves.dedup();
        if !leaves.is_empty() {
            let leaves = leaves.into_boxed_slice();
            nodes.push(if all { Node::EachOf(leaves) } else { Node::OneOf(leaves) });
        }
        nodes.sort_by_key(|node| self.cost(node));
        match nodes.len() {
            1 => nodes.remove(0),
            _ if all => Node::All(nodes),
            _ => Node::Any(nodes),
        }
    }

    fn stage(&self, leaf: Leaf) -> usize {
        self.field_of
            .get(leaf as usize)
            .and_then(|field| self.drafts.get(*field as usize))
            .map_or(0, |draft| draft.stage)
    }

    /// What is asked first: few tests of cheap fields; what is denied, last.
    fn cost(&self, node: &Node) -> usize {
        match node {
            Node::EachOf(leaves) | Node::OneOf(leaves) => {
                leaves.len() + 1_000 * leaves.iter().map(|leaf| self.stage(*leaf)).max().unwrap_or(0)
            }
            Node::All(parts) => parts.iter().map(|part| self.cost(part)).min().unwrap_or(0),
            Node::Any(parts) => parts.iter().map(|part| self.cost(part)).sum(),
            Node::Not(part) => 1_000_000 + self.cost(part),
        }
    }

    fn field(&mut self, name: &'p str) -> usize {
        if let Some(field) = self.by_name.get(name) {
            return *field;
        }
        let unmapped = FieldPlace::default();
        let place = self.source.fields.get(name).unwrap_or(&unmapped);
        let paths = place.paths.iter().map(|path| (path.clone(), path.contains("[]"))).collect();
        let field = self.add(name, Kind::Paths(paths), 1 + usize::from(place.weight).min(STAGES - 3));
        self.by_name.insert(name, field);
        field
    }

    fn pair(&mut self, one: usize, other: usize, relation: Relation, cased: bool) -> usize {
        let same = |kind: &Kind| matches!(kind, Kind::Pair { one: a, other: b, relation: r, cased: c, .. } if (*a, *b, *r, *c) == (one, other, relation, cased));
        match self.drafts.iter().position(|draft| same(&draft.kind)) {
            Some(field) => field,
            None => {
                let stage = |field: usize| self.drafts.get(field).map_or(1, |draft| draft.stage);
                let stage = stage(one).max(stage(other)).max(1);
                self.add("", Kind::Pair { one, other, relation, cased, leaf: 0 }, stage)
            }
        }
    }

    /// Of each log source its own: keywords of a rare one, short or usual words, are not looked for in all events.
    fn whole(&mut self, guard: Option<u32>) -> usize {
        let same = |draft: &Draft<'_>| matches!(draft.kind, Kind::Whole(_)) && draft.guards.first().copied() == guard;
        match self.drafts.iter().position(same) {
            Some(field) => field,
            None => self.add("", Kind::Whole(None), WHOLE_STAGE),
        }
    }

    fn add(&mut self, name: &'p str, kind: Kind, stage: usize) -> usize {
        self.drafts.push(Draft { name, kind, stage, tests: Vec::new(), guards: Vec::new() });
        self.drafts.len() - 1
    }

    fn used(&mut self, field: usize, guard: Option<u32>) {
        if let (Some(draft), Some(guard)) = (self.drafts.get_mut(field), guard)
            && draft.guards.last() != Some(&guard)
        {
            draft.guards.push(guard);
        }
    }

    /// The number of a test; equal tests of a field have one.
    fn leaf(&mut self, field: usize, test: &'p Test) -> Node {
        let key = (field, format!("{test:?}"));
        let next = Leaf::try_from(self.field_of.len()).unwrap_or(Leaf::MAX);
        let leaf = *self.known.entry(key).or_insert(next);
        if leaf == next {
            self.field_of.push(u32::try_from(field).unwrap_or(u32::MAX));
            self.rarity.push(rarity(test));
            if let Some(draft) = self.drafts.get_mut(field) {
                draft.tests.push((leaf, test));
                if let Kind::Pair { leaf: of_pair, .. } = &mut draft.kind {
                    *of_pair = leaf;
                }
            }
        }
        Node::EachOf(Box::new([leaf]))
    }

    /// Tests of the first stages of which one must be fulfilled where a condition holds, the rarest that there are; none where
    /// it may hold without. With how rare they are.
    fn needed(&self, node: &Node) -> Option<(usize, Vec<Leaf>)> {
        let early = |leaf: &Leaf| self.stage(*leaf) <= 1;
        let rarity = |leaf: &Leaf| self.rarity.get(*leaf as usize).copied().unwrap_or(0);
        match node {
            Node::EachOf(leaves) => {
                let rarest = leaves.iter().filter(|leaf| early(leaf)).max_by_key(|leaf| rarity(leaf))?;
                Some((rarity(rarest), vec![*rarest]))
            }
            Node::OneOf(leaves) if leaves.iter().all(early) => {
                Some((leaves.iter().map(rarity).min()?, leaves.to_vec()))
            }
            Node::OneOf(_) | Node::Not(_) => None,
            Node::All(parts) => parts.iter().filter_map(|part| self.needed(part)).max_by_key(|(rarity, _)| *rarity),
            Node::Any(parts) => {
                let (mut least, mut all) = (usize::MAX, Vec::new());
                for part in parts {
                    let (rarity, leaves) = self.needed(part)?;
                    least = least.min(rarity);
                    all.extend(leaves);
                }
                (!all.is_empty()).then_some((least, all))
            }
        }
    }

    fn finish(self, planned: Vec<(Node, Vec<(u32, Node)>)>) -> Result<Plan, String> {
        let (mut guards, mut rules) = (Vec::new(), Vec::new());
        let mut of_leaf: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.field_of.len()];
        for (guard, (node, of_guard)) in (0u32..).zip(planned) {
            let mut always = Vec::new();
            for (rule, node) in of_guard {
                let number = u32::try_from(rules.len()).map_err(|_| "too many rules".to_owned())?;
                match self.needed(&node) {
                    Some((_, mut leaves)) => {
                        leaves.sort_unstable();
                        leaves.dedup();
                        for leaf in leaves {
                            of_leaf
                                .get_mut(leaf as usize)
                                .into_iter()
                                .for_each(|needing| needing.push((guard, number)));
                        }
                    }
                    None => always.push(number),
                }
                rules.push((rule, guard, node));
            }
            guards.push(Guard { node, always });
        }
        let stage_of: Vec<usize> = self.drafts.iter().map(|draft| draft.stage).collect();
        let mut stages: [Vec<u32>; STAGES] = Default::default();
        let mut fields = Vec::with_capacity(self.drafts.len());
        for (number, draft) in (0u32..).zip(self.drafts) {
            if let Some(stage) = stages.get_mut(draft.stage) {
                stage.push(number);
            }
            let of = |wanted: &Test| draft.tests.iter().find(|(_, test)| *test == wanted).map(|(leaf, _)| *leaf);
            let elsewhere =
                |test: &Test| matches!(test, Test::Null | Test::Exists | Test::Field { .. } | Test::Listed(_));
            let on_values = draft.tests.iter().filter(|(_, test)| !elsewhere(test));
            let listed = draft.tests.iter().filter_map(|(leaf, test)| match test {
                Test::Listed(list) => Some((list.clone(), *leaf)),
                _ => None,
            });
            let kind = match draft.kind {
                Kind::Whole(_) => Kind::Whole(Raw::new(draft.tests.iter().map(|(_, test)| *test))),
                kind => kind,
            };
            let index = Index::new(on_values.copied())?;
            fields.push(Field {
                name: draft.name.to_owned(),
                index,
                null: of(&Test::Null),
                exists: of(&Test::Exists),
                listed: listed.collect(),
                kind,
                guards: draft.guards,
            });
        }
        let field_of = self.field_of;
        let rules = rules.into_iter().map(|(rule, guard, node)| {
            let mut of_rule: [Vec<u32>; STAGES] = Default::default();
            node.each_leaf(&mut |leaf| {
                let field = field_of.get(leaf as usize).copied().unwrap_or(0);
                let stage = stage_of.get(field as usize).copied().unwrap_or(0);
                if let Some(fields) = of_rule.get_mut(stage)
                    && !fields.contains(&field)
                {
                    fields.push(field);
                }
            });
            PlanRule { rule, guard, node, fields: of_rule.map(Vec::into_boxed_slice) }
        });
        let rules = rules.collect();
        let mut needing = Vec::new();
        let needing_ends = of_leaf
            .into_iter()
            .map(|of_leaf| {
                needing.extend(of_leaf);
                u32::try_from(needing.len()).unwrap_or(u32::MAX)
            })
            .collect();
        Ok(Plan { fields, stages, field_of, guards, rules, needing, needing_ends })
    }
}

/// How rarely a test is fulfilled, by guess: long text seldom, numbers and single words often.
fn rarity(test: &Test) -> usize {
    match test {
        Test::Text(pattern) | Test::Cased(pattern) => {
            let bytes = pattern.parts().iter().map(|part| match part {
                Part::Text(text) => text.len(),
                Part::Wild(_) => 0,
            });
            1 + bytes.sum::<usize>()
        }
        Test::Regex(_) | Test::Cidr(_) | Test::Field { .. } | Test::Listed(_) => 2,
        Test::Number(..) | Test::Bool(_) | Test::Null | Test::Exists | Test::Time(..) => 0,
    }
}

impl Node {
    fn each_leaf(&self, leaf: &mut impl FnMut(Leaf)) {
        match self {
            Node::All(parts) | Node::Any(parts) => parts.iter().for_each(|part| part.each_leaf(leaf)),
            Node::Not(part) => part.each_leaf(leaf),
            Node::EachOf(leaves) | Node::OneOf(leaves) => leaves.iter().for_each(|one| leaf(*one)),
        }
    }
}
