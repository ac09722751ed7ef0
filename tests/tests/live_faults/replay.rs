//! A released fault repeats itself at the author's desk, with the declared fields and nothing else of the events.

use cordon_tests::cli::Cordon;
use cordon_tests::guest::EACH_ROW;

use super::{BINARY, Live, SPINS, events, on_poison, plugin};

#[test]
fn a_released_replay_repeats_the_fault_and_holds_nothing_that_is_not_declared() {
    let live = Live::start("[retry]\ntries = 2\npause-ms = 10\n", |plugins| {
        plugin(plugins, "traps", &on_poison("unreachable"));
        plugin(plugins, "spins", &on_poison(SPINS));
    });
    live.post(&events(20, &[7]).replace("\"Operation\"", "\"Secret\":\"MARK-5c1d\",\"Operation\""));
    live.wait("spins", |lane| lane["state"] == "resting");
    live.wait("traps", |lane| lane["events"] == 20);
    let operator = live.host.operator();
    let data = live.folder.path().join("data");
    let plugins = live.folder.path().join("plugins");
    for (id, outcome) in [("traps", "trapped"), ("spins", "out-of-time by cpu-time")] {
        let fault = live.faults_of(id)[0]["id"].as_str().unwrap().to_owned();
        let file = format!("{id}.json");
        let _ = operator.run(&["plugin", "release", &fault, "--reason", " ", "-o", &file]).ends(2);
        assert!(!data.join(&file).exists());
        let _ = operator.run(&["plugin", "release", &fault, "--reason", "INC-7, agreed", "-o", &file]).ends(0);
        let text = std::fs::read_to_string(data.join(&file)).unwrap();
        assert!(text.contains("poison") && !text.contains("MARK-5c1d") && !text.contains("Secret"), "{text}");
        let component = plugins.join(format!("{id}.wasm")).to_string_lossy().into_owned();
        let desk = Cordon::new(BINARY, &data);
        let again = desk.run(&["run", "--replay", &file, "-p", &component]).ends(4).out;
        assert!(again.contains(&format!("here: {outcome}")), "{again}");
        // What is fixed faults no more; a file that was changed is refused.
        plugin(&data.join("fixed"), id, EACH_ROW);
        let fixed = desk.run(&["run", "--replay", &file, "-p", &format!("fixed/{id}.wasm")]).ends(0).out;
        assert!(fixed.contains("it faults no more"), "{fixed}");
        std::fs::write(data.join("changed.json"), text.replace("poison", "poisoN")).unwrap();
        let refused = desk.run(&["run", "--replay", "changed.json", "-p", &component]).ends(2).err;
        assert!(refused.contains("altered"), "{refused}");
        assert_eq!(live.faults_of(id)[0]["released"][0]["reason"], "INC-7, agreed");
    }
    let audit = live.get_as("/v1/audit?limit=1000", &live.host.token("auditor", None)).to_string();
    assert_eq!(audit.matches("\"fault-released\"").count(), 2, "{audit}");
    for role in ["auditor", "author"] {
        let token = live.host.token(role, None);
        let fault = live.faults_of("traps")[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/faults/{fault}/release");
        assert_eq!(live.host.request("POST", &path, Some(&token), "{\"reason\":\"x\"}").unwrap().status, 403);
    }
}
