//! The manifest: a text is refused with lines that it has, or gives a manifest whose every name and path stands for itself.

use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "manifest",
    run,
    words: &[
        "[plugin]\n",
        "id = \"a\"\n",
        "version = \"1.0.0\"\n",
        "[sources.\"m365.audit\".fields]\n",
        "[sources.\"custom.x\".fields]\n",
        "a = \"B[Name=C].D\"\n",
        "{ path = \"A\", personal = true, why = \"w\" }",
        "[grants]\n",
        "whole-events = true\n",
        "[limits]\n",
        "cpu-ms = 1\n",
        "memory-mib = 1\n",
        "[settings.run.a]\n",
        "[settings.load.a]\n",
        "type = \"strings\"\n",
        "default = []\n",
        "[[rules]]\n",
        "severity = \"high\"\n",
        "attack = [\"T1114.003\"]\n",
        "\"\"\"",
        "'''",
        "99999999999999999999",
        "\u{0}",
        "#",
        "=",
        "\n",
    ],
};

fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    match Manifest::parse(text) {
        Ok(manifest) => {
            for (source, about) in &manifest.sources {
                for (handle, field) in &about.fields {
                    assert_eq!(manifest.field_path(source, handle), Some(&field.path));
                    assert!(manifest.declares(source, &field.path));
                    assert_eq!(Path::parse(&field.path.to_string()).as_ref(), Ok(&field.path));
                }
            }
            for rule in &manifest.rules {
                assert_eq!(manifest.rule(&rule.id), Some(rule), "a rule's id is its own");
            }
            let none = serde_json::Map::new();
            let run = manifest.run_settings(&none).expect("defaults fit");
            assert_eq!(manifest.run_settings(&run).as_ref(), Ok(&run), "settings with defaults filled in fit too");
            assert!(manifest.load_settings(&none).is_ok());
            assert!(serde_json::to_string(&manifest).is_ok());
            true
        }
        Err(errors) => {
            let lines = 1 + text.matches('\n').count();
            assert!(!errors.0.is_empty());
            for error in &errors.0 {
                assert!(error.line.is_none_or(|line| (1..=lines).contains(&line)), "{error}");
                assert!(!error.reason.is_empty() && !error.to_string().is_empty());
            }
            false
        }
    }
}
