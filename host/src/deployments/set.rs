//! The set of deployments: which version of which plugin runs for whom, in which mode, with which settings. Pure.
//!
//! A plugin has a rule for all forces, those that come later included, and what single forces have of their own: a version
//! that only they run, settings of their own for the national version, or that it runs in shadow or not at all with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::Digest;
use crate::model::Force;
use crate::results::{Inherit, Lane};

/// All deployments: what a generation is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Set {
    /// By plugin id.
    pub plugins: BTreeMap<String, OfPlugin>,
}

/// One plugin's deployments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OfPlugin {
    /// Live for all forces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Run>,
    /// In shadow for all forces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Run>,
    /// Stopped for all forces, whatever they have of their own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// What single forces have of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forces: BTreeMap<Force, Own>,
}

/// A version with its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Run {
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Its version, for people.
    pub version: String,
    /// Digest of the file with the `load` settings that were given.
    pub load: Digest,
    /// The same of the `run` settings.
    pub settings: Digest,
    /// What it takes over from the version that was live before it.
    #[serde(default, skip_serializing_if = "Inherit::is_usual")]
    pub inherits: Inherit,
}

impl Run {
    /// Whether the same runs, whatever it took over.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let of = |run: &Self| (run.digest, run.load, run.settings);
        of(self) == of(other)
    }
}

/// What one force has of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Own {
    /// What becomes here of the version that is live for all.
    pub national: Mode,
    /// `run` settings of its own for that version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Digest>,
    /// A version of its own, live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Run>,
    /// And in shadow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shadow: Option<Run>,
    /// Stopped here.
    #[serde(skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// Why it is not as everywhere.
    pub reason: String,
}

/// How a version runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Not at all.
    Off,
    /// Beside the live one; nobody is told what it finds.
    Shadow,
    /// People are told.
    #[default]
    Live,
}

impl Mode {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Live => "live",
        }
    }
}

impl Own {
    /// Whether there is nothing of its own.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        let Self { national, settings, live, shadow, disabled, reason: _ } = self;
        *national == Mode::Live && settings.is_none() && live.is_none() && shadow.is_none() && !disabled
    }
}

impl OfPlugin {
    /// What runs for a force (none: for those without anything of their own), by lane.
    #[must_use]
    pub fn of(&self, force: Option<&Force>) -> Vec<(Lane, Run)> {
        let none = Own::default();
        let own = force.and_then(|force| self.forces.get(force)).unwrap_or(&none);
        if self.disabled || own.disabled {
            return Vec::new();
        }
        let tuned = |run: &Run| Run { settings: own.settings.unwrap_or(run.settings), ..run.clone() };
        let national = self.live.as_ref().map(tuned);
        let live = own.live.clone().or_else(|| national.clone().filter(|_| own.national == Mode::Live));
        let shadow = own.shadow.clone().or_else(|| match own.national {
            Mode::Off => None,
            Mode::Shadow => national,
            Mode::Live => self.shadow.as_ref().map(tuned),
        });
        let mut found = Vec::new();
        // The same beside itself would find the same.
        let shadow = shadow.filter(|shadow| live.as_ref().is_none_or(|live| !live.is_same(shadow)));
        found.extend(live.map(|run| (Lane::Live, run)));
        found.extend(shadow.map(|run| (Lane::Shadow(run.digest), run)));
        found
    }

    /// Whether it runs nowhere and nothing is said of it.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.live.is_none() && self.shadow.is_none() && !self.disabled && self.forces.is_empty()
    }

    /// Every version goes on with what the one before it remembers, as is usual.
    pub fn inherit_as_usual(&mut self) {
        let own = self.forces.values_mut().flat_map(|own| own.live.iter_mut().chain(&mut own.shadow));
        for run in self.live.iter_mut().chain(&mut self.shadow).chain(own) {
            run.inherits = Inherit::default();
        }
    }

    /// Every version that is named, whether it runs or not.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        let own = self.forces.values().flat_map(|own| own.live.iter().chain(&own.shadow));
        self.live.iter().chain(&self.shadow).chain(own)
    }
}

impl Set {
    /// What runs for a force (none: for those without anything of their own), by plugin and lane.
    #[must_use]
    pub fn of(&self, force: Option<&Force>) -> Vec<(&str, Lane, Run)> {
        let mut found = Vec::new();
        for (id, of) in &self.plugins {
            found.extend(of.of(force).into_iter().map(|(lane, run)| (id.as_str(), lane, run)));
        }
        found
    }

    /// The forces that have anything of their own.
    #[must_use]
    pub fn forces(&self) -> BTreeSet<&Force> {
        self.plugins.values().flat_map(|of| of.forces.keys()).collect()
    }

    /// The plugin's deployments, to be changed. [`Set::tidy`] afterwards.
    pub fn plugin(&mut self, id: &str) -> &mut OfPlugin {
        self.plugins.entry(id.to_owned()).or_default()
    }

    /// Takes out what says nothing.
    pub fn tidy(&mut self) {
        for of in self.plugins.values_mut() {
            of.forces.retain(|_, own| !own.is_nothing());
        }
        self.plugins.retain(|_, of| !of.is_nothing());
    }

    /// What of it concerns one force: the rules for all, and what that force has of its own.
    #[must_use]
    pub fn seen_by(&self, force: &Force) -> Self {
        let mut seen = self.clone();
        for of in seen.plugins.values_mut() {
            of.forces.retain(|name, _| name == force);
        }
        seen.tidy();
        seen
    }
}

fn is_false(is: &bool) -> bool {
    !is
}
