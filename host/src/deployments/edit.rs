//! What may be done with a plugin's deployments: deploy, disable, enable. Pure: a set in, a set out, or why not.

use super::set::{Mode, OfPlugin, Own, Run};
use super::{DeployError, Scope};
use crate::ids::Digest;
use crate::results::{Inherit, Inherits};

/// A version that was picked, and what was given with it.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub(super) digest: Digest,
    pub(super) version: String,
    /// Files of the settings that were given.
    pub(super) load: Option<Digest>,
    pub(super) settings: Option<Digest>,
    /// What it is to take over, where that was said.
    pub(super) inherits: Option<Inherit>,
}

impl Pick {
    /// With what was given; else with what the first of these has; else with none, which `none` is the file of.
    fn run(&self, before: [Option<&Run>; 3], none: Digest, usual: Inherits) -> Run {
        let before = before.into_iter().flatten().next();
        Run {
            digest: self.digest,
            version: self.version.clone(),
            load: self.load.or(before.map(|run| run.load)).unwrap_or(none),
            settings: self.settings.or(before.map(|run| run.settings)).unwrap_or(none),
            inherits: self.inherits.unwrap_or(Inherit::unasked(usual)),
        }
    }

    fn is(&self, run: &Run) -> bool {
        run.digest == self.digest
    }
}

/// Deploys a version, or (`pick` is none) ends all of the plugin. `none`: the file of settings that set nothing.
pub(super) fn deploy(
    of: &mut OfPlugin,
    scope: &Scope,
    mode: Mode,
    pick: Option<&Pick>,
    none: Digest,
    reason: &str,
) -> Result<(), DeployError> {
    match scope {
        Scope::All => for_all(of, mode, pick, none),
        Scope::Force(force) => {
            let mut own = of.forces.get(force).cloned().unwrap_or_default();
            for_one(&mut own, of.live.as_ref(), of.shadow.as_ref(), mode, pick, none)?;
            reason.clone_into(&mut own.reason);
            of.forces.insert(force.clone(), own);
            Ok(())
        }
    }
}

fn for_all(of: &mut OfPlugin, mode: Mode, pick: Option<&Pick>, none: Digest) -> Result<(), DeployError> {
    let same = |pick: &Pick, run: Option<&Run>| run.filter(|run| pick.is(run)).cloned();
    match (mode, pick) {
        (Mode::Off, None) => (of.live, of.shadow) = (None, None),
        (Mode::Off, Some(pick)) => {
            of.live = of.live.take().filter(|run| !pick.is(run));
            of.shadow = of.shadow.take().filter(|run| !pick.is(run));
        }
        (Mode::Live, Some(pick)) => {
            let promoted = same(pick, of.shadow.as_ref());
            let usual = usual(of.live.as_ref(), promoted.as_ref());
            let run = pick.run([promoted.as_ref(), of.live.as_ref(), of.shadow.as_ref()], none, usual);
            of.live = Some(run);
            of.shadow = of.shadow.take().filter(|run| !pick.is(run));
        }
        (Mode::Shadow, Some(pick)) => {
            let again = same(pick, of.shadow.as_ref());
            let run = pick.run([again.as_ref(), of.live.as_ref(), of.shadow.as_ref()], none, Inherits::Live);
            // Other settings of the live version may run beside it; the same would take it out of service.
            if of.live.as_ref().is_some_and(|live| live.is_same(&run)) {
                of.live = None;
            }
            of.shadow = Some(run);
        }
        (Mode::Live | Mode::Shadow, None) => return Err(DeployError::Bad("which version is it?".into())),
    }
    Ok(())
}

fn for_one(
    own: &mut Own,
    live: Option<&Run>,
    shadow: Option<&Run>,
    mode: Mode,
    pick: Option<&Pick>,
    none: Digest,
) -> Result<(), DeployError> {
    let is_national = pick.is_none_or(|pick| live.is_some_and(|run| pick.is(run)) && pick.load.is_none());
    match (mode, pick) {
        (Mode::Off, None) => (own.national, own.live, own.shadow) = (Mode::Off, None, None),
        (Mode::Off, Some(pick)) => {
            own.live = own.live.take().filter(|run| !pick.is(run));
            own.shadow = own.shadow.take().filter(|run| !pick.is(run));
            if is_national {
                own.national = Mode::Off;
            }
        }
        (Mode::Live | Mode::Shadow, None) => return Err(DeployError::Bad("which version is it?".into())),
        (Mode::Live | Mode::Shadow, Some(pick)) if is_national => {
            own.national = mode;
            match mode {
                Mode::Live => own.live = None,
                _ => own.shadow = None,
            }
            if let Some(given) = pick.settings {
                own.settings = Some(given).filter(|given| *given != none);
            }
        }
        (Mode::Live, Some(pick)) => {
            let promoted = own.shadow.as_ref().or(shadow).filter(|run| pick.is(run)).cloned();
            let usual = usual(own.live.as_ref().or(live), promoted.as_ref());
            own.live = Some(pick.run([promoted.as_ref(), own.live.as_ref(), None], none, usual));
            own.shadow = own.shadow.take().filter(|run| !pick.is(run));
        }
        (Mode::Shadow, Some(pick)) => {
            let again = own.shadow.as_ref().filter(|run| pick.is(run)).cloned();
            let run = pick.run([again.as_ref(), own.live.as_ref(), None], none, Inherits::Live);
            if own.live.as_ref().is_some_and(|live| live.is_same(&run)) {
                own.live = None;
            }
            own.shadow = Some(run);
        }
    }
    Ok(())
}

/// What a version that becomes live takes over where nothing was said: a shadow with nothing live before it goes on with its
/// own.
fn usual(live: Option<&Run>, promoted: Option<&Run>) -> Inherits {
    if live.is_none() && promoted.is_some() { Inherits::Shadow } else { Inherits::Live }
}

/// Stops a plugin for a force, or for all.
pub(super) fn disable(of: &mut OfPlugin, scope: &Scope, reason: &str) -> Result<(), DeployError> {
    let stopped = match scope {
        Scope::All => std::mem::replace(&mut of.disabled, true),
        Scope::Force(force) => {
            if of.of(Some(force)).is_empty() {
                let own = of.forces.get(force).is_some_and(|own| own.disabled);
                let why = match (of.disabled, own) {
                    (true, _) => "it is disabled for all already".to_owned(),
                    (_, true) => format!("it is disabled for {force} already"),
                    _ => format!("it does not run for {force}"),
                };
                return Err(DeployError::Refused(why));
            }
            let own = of.forces.entry(force.clone()).or_default();
            reason.clone_into(&mut own.reason);
            std::mem::replace(&mut own.disabled, true)
        }
    };
    if stopped {
        return Err(DeployError::Refused(format!("it is disabled for {scope} already")));
    }
    Ok(())
}

/// Lets it go on, for a force, or for all that it was disabled for.
pub(super) fn enable(of: &mut OfPlugin, scope: &Scope) -> Result<(), DeployError> {
    let was = match scope {
        Scope::All => {
            let own = of.forces.values_mut().map(|own| std::mem::take(&mut own.disabled)).filter(|was| *was).count();
            std::mem::take(&mut of.disabled) || own > 0
        }
        Scope::Force(force) => {
            if of.disabled {
                return Err(DeployError::Refused("it is disabled for all forces: enable it with `--for all`".into()));
            }
            of.forces.get_mut(force).is_some_and(|own| std::mem::take(&mut own.disabled))
        }
    };
    if !was {
        return Err(DeployError::Refused(format!("it is not disabled for {scope}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::set::Set;
    use super::*;
    use crate::model::Force;
    use crate::results::Lane;

    const NONE: Digest = Digest([0; 32]);

    fn pick(version: &str) -> Pick {
        Pick {
            digest: Digest::of(version.as_bytes()),
            version: version.into(),
            load: None,
            settings: None,
            inherits: None,
        }
    }

    /// What runs for a force, as `live 1` and `shadow 2`.
    fn shown(of: &OfPlugin, force: Option<&str>) -> Vec<String> {
        let force = force.map(|name| Force::new(name).unwrap());
        let one = |(lane, run): (Lane, Run)| format!("{} {}", lane.word(), run.version);
        of.of(force.as_ref()).into_iter().map(one).collect()
    }

    fn avon() -> Scope {
        Scope::Force(Force::new("avon").unwrap())
    }

    fn deployed(of: &mut OfPlugin, scope: &Scope, mode: Mode, version: &str) {
        deploy(of, scope, mode, Some(&pick(version)), NONE, "why").unwrap();
    }

    #[test]
    fn a_version_goes_from_shadow_to_live_and_the_one_before_ends() {
        let mut of = OfPlugin::default();
        deployed(&mut of, &Scope::All, Mode::Live, "1");
        deployed(&mut of, &Scope::All, Mode::Shadow, "2");
        assert_eq!(shown(&of, None), ["live 1", "shadow 2"]);
        assert_eq!(shown(&of, Some("kent")), ["live 1", "shadow 2"]);
        deployed(&mut of, &Scope::All, Mode::Live, "2");
        assert_eq!(shown(&of, None), ["live 2"]);
        deployed(&mut of, &Scope::All, Mode::Shadow, "2");
        assert_eq!(shown(&of, None), ["shadow 2"]);
        deploy(&mut of, &Scope::All, Mode::Off, None, NONE, "").unwrap();
        assert!(of.is_nothing());
    }

    #[test]
    fn a_force_keeps_its_own_way_with_every_new_national_version() {
        let mut of = OfPlugin::default();
        deployed(&mut of, &Scope::All, Mode::Live, "1");
        let tuned = Pick { settings: Some(Digest::of(b"settings")), ..pick("1") };
        deploy(&mut of, &avon(), Mode::Live, Some(&tuned), NONE, "why").unwrap();
        deployed(&mut of, &Scope::All, Mode::Live, "2");
        let [(_, run)] = &of.of(Some(&Force::new("avon").unwrap()))[..] else { panic!() };
        assert_eq!((run.version.as_str(), run.settings), ("2", Digest::of(b"settings")));
        deployed(&mut of, &avon(), Mode::Shadow, "2");
        assert_eq!(
            (shown(&of, Some("avon")), shown(&of, Some("kent"))),
            (vec!["shadow 2".into()], vec!["live 2".into()])
        );
        deployed(&mut of, &Scope::All, Mode::Live, "3");
        assert_eq!(shown(&of, Some("avon")), ["shadow 3"]);
        deploy(&mut of, &avon(), Mode::Off, None, NONE, "why").unwrap();
        assert_eq!((shown(&of, Some("avon")), shown(&of, None)), (Vec::new(), vec!["live 3".to_owned()]));
        // Its own version beside it is nobody else's.
        deployed(&mut of, &avon(), Mode::Live, "own");
        assert_eq!((shown(&of, Some("avon")), shown(&of, None)), (vec!["live own".into()], vec!["live 3".into()]));
        // As everywhere, and nothing is left of what it had.
        let plain = Pick { settings: Some(NONE), ..pick("3") };
        deploy(&mut of, &avon(), Mode::Live, Some(&plain), NONE, "why").unwrap();
        let mut set = Set { plugins: [("p".to_owned(), of)].into() };
        set.tidy();
        assert!(set.forces().is_empty());
    }

    #[test]
    fn disabling_stops_it_for_whom_it_says_and_enabling_undoes_exactly_that() {
        let mut of = OfPlugin::default();
        deployed(&mut of, &Scope::All, Mode::Live, "1");
        disable(&mut of, &avon(), "why").unwrap();
        assert!(disable(&mut of, &avon(), "why").is_err());
        assert_eq!((shown(&of, Some("avon")).len(), shown(&of, None).len()), (0, 1));
        disable(&mut of, &Scope::All, "why").unwrap();
        assert_eq!(shown(&of, None), [""; 0]);
        assert!(enable(&mut of, &avon()).unwrap_err().to_string().contains("--for all"));
        enable(&mut of, &Scope::All).unwrap();
        assert_eq!((shown(&of, Some("avon")).len(), shown(&of, None).len()), (1, 1));
        assert!(enable(&mut of, &Scope::All).is_err());
    }
}
