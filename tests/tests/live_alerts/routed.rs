//! Who is told when: hours, ladder, and the preview that says so, through the real binary.

use crate::receiver::Receiver;
use crate::support::Live;

#[test]
fn the_preview_says_who_is_told_at_three_on_a_sunday_who_next_who_not_and_what_is_missing() {
    let live = Live::configured("[delivery]\ndesk = { name = \"NMC desk\", call = \"0300 555 0100\" }\n");
    let operator = live.host.operator();
    let preview = |rest: &[&str]| {
        let arguments = [&["route", "preview", "--for", "avon"][..], rest].concat();
        operator.run(&arguments)
    };
    let none = preview(&["--severity", "high"]).ends(1).out;
    assert!(none.contains("avon has no contact"), "{none}");
    let (desk, call) = (Receiver::start(200), Receiver::start(200));
    let hours = ["--hours", "mon-fri 08:00-18:00", "--holidays", "england-and-wales", "--out-of-hours", "critical"];
    let _ = live.contact_with("desk", &desk, &[&hours[..], &["--own", "jo@avon.example"]].concat());
    let on_call = ["--step", "2", "--outside", "--answer-minutes", "15", "--call", "07700 900002"];
    let _ = live.contact_with("call", &call, &on_call);
    let day = preview(&["--severity", "high", "--at", "2026-11-25T10:00:00Z"]).ends(0).out;
    assert!(day.contains("avon/desk") && day.contains("those of step 2 are told at 2026-11-25T10:30:00"), "{day}");
    let night = preview(&["--severity", "high", "--at", "2026-11-29T03:00:00Z"]).ends(0).out;
    assert!(night.contains("told at 2026-11-30T08:00:00"), "{night}");
    assert!(night.contains("the National Management Centre is told at 2026-11-29T03:15:00"), "{night}");
    let about = preview(&["--severity", "high", "--about", "JO@avon.example", "--at", "2026-11-25T10:00:00Z"]).out;
    assert!(about.contains("not told: it is about their own account"), "{about}");
    for (wrong, says) in [
        (&["--hours", "weekdays"][..], "mon-fri 08:00-18:00"),
        (&["--step", "0"], "step: 0"),
        (&["--copies"], "only contacts of `nmc`"),
    ] {
        let add = ["contact", "add", "x", "--for", "avon", "--name", "x", "--file", "/x"];
        let refused = operator.run(&[&add[..], wrong].concat()).ends(2).err;
        assert!(refused.contains(says), "{wrong:?}: {refused}");
    }
    // With nobody at the first step, whoever is on call is told at once, and by when to answer.
    let _ = operator.run(&["contact", "remove", "desk", "--for", "avon"]).ends(0);
    live.post(&["one"]);
    let told = call.wait(2).pop().unwrap().json();
    let text = told["text"].as_str().unwrap();
    assert!(told["answer-by"].is_string() && text.contains("Acknowledge it by"), "{told}");
    assert!(text.contains("Whom to call: NMC desk, 0300 555 0100"), "not the reader: {told}");
    let shown = operator.run(&["alert", "show", "avon-1"]).ends(0).out;
    assert!(shown.contains("call, 07700 900002") && shown.contains("NMC desk, 0300 555 0100"), "{shown}");
    assert!(shown.contains("or others are told"), "{shown}");
    // The last contact outside of the tenant of a force that is live goes only with a reason.
    let _ = operator.run(&["force", "set", "avon", "--stage", "live", "--reason", "it is ready"]).ends(0);
    let refused = operator.run(&["contact", "remove", "call", "--for", "avon"]).ends(2).err;
    assert!(refused.contains("last confirmed contact outside of its tenant"), "{refused}");
    let _ = operator.run(&["contact", "remove", "call", "--for", "avon", "--even-if-last", "it leaves"]).ends(0);
    let gone = preview(&["--severity", "high"]).ends(1).out;
    assert!(gone.contains("avon has no contact"), "{gone}");
}
