//! A hostile guest's contract, as it stands in the first lines of its file: `key: value`, one a line.
//!
//! | key | value |
//! | --- | --- |
//! | `contract` | what it does and how that ends, for people |
//! | `ends` | `at load`, `at load by LIMIT`, `in OUTCOME`, `in OUTCOME by LIMIT` |
//! | `says` | words of the reason, between ` \| ` |
//! | `caps` | the operator's caps that it needs other than [`caps`]: `cpu-ms 500, prepare-seconds 2` |
//! | `explain` | `yes`: it is asked to explain itself |
//! | `pages`, `maximum` | pages of its memory to begin with, and at most |
//! | `manifest` | a line more of its manifest |

use cordon::sandbox::Caps;

/// See the module.
#[derive(Debug, Clone)]
pub struct Contract {
    /// For people.
    pub contract: String,
    /// How it ends.
    pub ends: Ends,
    /// Words of the reason.
    pub says: Vec<String>,
    /// Name and value of the caps that it needs.
    pub caps: Vec<(String, u32)>,
    /// Whether it is asked to explain itself.
    pub explain: bool,
    pub(super) pages: Option<u32>,
    pub(super) maximum: Option<u32>,
    pub(super) manifest: String,
}

/// How a guest ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// It is not loaded.
    AtLoad {
        /// The limit's name, where it hits one.
        limit: Option<String>,
    },
    /// Every run of it ends so.
    In {
        /// The outcome's word.
        outcome: String,
        /// The limit's name, where it hits one.
        limit: Option<String>,
    },
}

/// What hostile guests run under: little time, so that tests are quick; everything else as it is by default.
#[must_use]
pub fn caps() -> Caps {
    Caps { cpu_ms: 100, cpu_us_per_row: 0, ..Caps::default() }
}

impl Contract {
    /// Reads the lines at the start that begin with `mark`, and answers what comes after them.
    pub(super) fn read<'t>(name: &str, text: &'t str, mark: &str) -> (Self, &'t str) {
        let mut read = Self {
            contract: String::new(),
            ends: Ends::AtLoad { limit: None },
            says: Vec::new(),
            caps: Vec::new(),
            explain: false,
            pages: None,
            maximum: None,
            manifest: String::new(),
        };
        let (mut rest, mut ends) = (text, None);
        while let Some(line) = rest.lines().next().and_then(|line| line.strip_prefix(mark))
            && let Some((key, value)) = line.split_once(": ")
        {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            let number = || value.parse().unwrap_or_else(|_| panic!("{name}: `{line}`: a number"));
            match key {
                "contract" => value.clone_into(&mut read.contract),
                "ends" => ends = Some(Ends::read(name, value)),
                "says" => read.says = value.split(" | ").map(str::to_owned).collect(),
                "caps" => read.caps = value.split(", ").map(|cap| cap_of(name, cap)).collect(),
                "explain" => read.explain = value == "yes",
                "pages" => read.pages = Some(number()),
                "maximum" => read.maximum = Some(number()),
                "manifest" => read.manifest.extend([value, "\n"]),
                _ => panic!("{name}: no key `{key}`"),
            }
        }
        assert!(!read.contract.is_empty(), "{name}: its first lines say no contract");
        read.ends = ends.unwrap_or_else(|| panic!("{name}: its contract does not say how it ends"));
        (read, rest)
    }

    /// The operator's caps that it runs under.
    ///
    /// # Panics
    /// When it names a cap that there is none of.
    #[must_use]
    pub fn caps(&self) -> Caps {
        let mut caps = caps();
        for (name, value) in &self.caps {
            match name.as_str() {
                "cpu-ms" => caps.cpu_ms = *value,
                "memory-mib" => caps.memory_mib = *value,
                "prepare-seconds" => caps.prepare_seconds = *value,
                "prepare-mib" => caps.prepare_mib = *value,
                _ => panic!("no cap `{name}`"),
            }
        }
        caps
    }
}

impl Ends {
    fn read(name: &str, text: &str) -> Self {
        let (end, limit) = match text.split_once(" by ") {
            Some((end, limit)) => (end, Some(limit.to_owned())),
            None => (text, None),
        };
        match (end, end.strip_prefix("in ")) {
            ("at load", _) => Ends::AtLoad { limit },
            (_, Some(outcome)) => Ends::In { outcome: outcome.to_owned(), limit },
            _ => panic!("{name}: ends `{text}`: `at load` or `in OUTCOME`"),
        }
    }
}

fn cap_of(name: &str, cap: &str) -> (String, u32) {
    cap.split_once(' ')
        .and_then(|(cap, value)| Some((cap.to_owned(), value.parse().ok()?)))
        .unwrap_or_else(|| panic!("{name}: cap `{cap}`: a name and a number"))
}
