//! A force's author acts for that force, and for nobody else.

use crate::support::{Live, component, events};

#[test]
fn a_force_author_loads_and_deploys_for_their_own_force_only_and_within_its_quota() {
    let live = Live::start("[deploy]\nforce-versions = 2\nforce-mib = 1\n");
    let [avon, kent] = ["avon", "kent"].map(|force| live.host.add_force(force));
    let author = live.as_role("force-author", Some("avon"));
    let file = |name: &str, version: &str| live.file(&format!("{name}-{version}.wasm"), &component(name, version));
    let run = |arguments: &[&str], code: i32| author.run(arguments).ends(code);
    let _ = run(&["plugin", "load", &file("local", "1.0.0")], 0);
    let said = run(&["plugin", "load", &file("local", "1.0.0"), "--for", "kent"], 2).err;
    assert!(said.contains("for force avon only"), "{said}");
    for other in ["kent", "all"] {
        let said = run(&["deploy", "local", "--for", other, "--mode", "live", "--reason", "x"], 2).err;
        assert!(said.contains("for force avon only"), "{said}");
    }
    let _ = run(&["rollback", "1", "--reason", "x"], 2);
    assert_eq!(live.set().0, 1);
    let _ = run(&["deploy", "local", "--mode", "live", "--reason", "the VPN of avon"], 0);
    for token in [&avon, &kent] {
        live.post(token, &events(0..4));
    }
    live.settle();
    let by_local = |force: &str| {
        let all = live.host.findings(&live.host.first_token(), force);
        all.iter().filter(|one| one["plugin"]["id"] == "local").count()
    };
    assert_eq!((by_local("avon"), by_local("kent")), (4, 0));

    // A national plugin is not replaced under its name; but it may be declined, and everybody who runs the host sees why.
    let said = run(&["plugin", "load", &file("guest", "9.0.0")], 2).err;
    assert!(said.contains("national plugin"), "{said}");
    let _ = run(&["deploy", "guest", "--mode", "off", "--reason", "we have no such log"], 0);
    let shown = live.operator().run(&["plugin", "list"]).ends(0).out;
    assert!(shown.contains("guest for avon: the national version declined (we have no such log)"), "{shown}");
    live.post(&avon, &events(4..5));
    live.post(&kent, &events(4..5));
    live.settle();
    assert_eq!((live.found("avon").len(), live.found("kent").len()), (4, 5));

    // The quota.
    let _ = run(&["plugin", "load", &file("local", "1.1.0")], 0);
    let said = run(&["plugin", "load", &file("local", "1.2.0")], 2).err;
    assert!(said.contains("force-versions"), "{said}");
    let _ = run(&["plugin", "unload", "local@1.1.0", "--reason", "x"], 0);
    let _ = run(&["plugin", "load", &file("local", "1.2.0")], 0);

    // Nobody of another force sees any of it.
    let reader = live.as_role("force-author", Some("kent"));
    for arguments in
        [&["plugin", "list", "--format", "json"][..], &["plugin", "history"], &["plugin", "diff", "0", "3"]]
    {
        let said = reader.run(arguments);
        assert!(!said.out.contains("local") && !said.out.contains("avon"), "{arguments:?}: {}", said.out);
    }
    let _ = reader.run(&["deploy", "local", "--mode", "live", "--reason", "x"]).ends(2);
}
