//! Microsoft Teams: an Adaptive Card to the address of a workflow ("post to a channel when a webhook request is received"). Texts are
//! runs, in which Teams reads no markup; the one button is the host's own link.

use serde_json::{Value, json};

use super::http::Http;
use super::{Note, Sent};

/// Bytes of a card that Teams takes.
const LIMIT: usize = 28 << 10;

pub(super) fn send(http: &Http, url: &str, note: &Note) -> Sent {
    http.post(url, &[], &within(note))
}

/// A card that Teams takes: lines are left out where it is too large, evidence first.
fn within(note: &Note) -> String {
    let mut bytes = LIMIT;
    loop {
        let card = card(note, &note.within(bytes)).to_string();
        if card.len() <= LIMIT || bytes < 1_024 {
            return card;
        }
        bytes = bytes / 4 * 3;
    }
}

fn card(note: &Note, lines: &[String]) -> Value {
    let run = |text: &str, first: bool| {
        let weight = if first { "Bolder" } else { "Default" };
        json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "weight": weight }] })
    };
    let body = std::iter::once(run(&note.subject, true)).chain(lines.iter().map(|line| run(line, false)));
    let actions = note
        .link
        .iter()
        .map(|link| json!({ "type": "Action.OpenUrl", "title": "See it and say that you have it", "url": link }));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body.collect::<Vec<_>>(),
                "actions": actions.collect::<Vec<_>>(),
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::super::message::Line;
    use super::*;

    #[test]
    fn a_card_is_kept_within_its_limit_by_leaving_out_evidence_and_never_what_it_means() {
        let mut lines = vec![Line::new(0, "avon-1: new".into())];
        lines.extend((0..200).map(|n| Line::new(4, format!("evidence {n} {}", "\"\\é".repeat(100)))));
        lines.push(Line::new(0, "Acknowledge it by 03:00".into()));
        let link = Some("https://h/a/0".to_owned());
        let note = Note { subject: "s".into(), lines, data: Value::Null, link, ocsf: None };
        let text = within(&note);
        assert!(text.len() <= LIMIT && text.len() > LIMIT / 2, "{}", text.len());
        let card: Value = serde_json::from_str(&text).unwrap();
        let content = &card["attachments"][0]["content"];
        let said: Vec<&str> = content["body"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["inlines"][0]["text"].as_str().unwrap())
            .collect();
        assert!(said.contains(&"avon-1: new") && said.contains(&"Acknowledge it by 03:00"), "{said:?}");
        assert!(said.iter().any(|line| line.contains("lines are left out")), "{said:?}");
        assert!(content["body"].as_array().unwrap().iter().all(|block| block["type"] == "RichTextBlock"), "no markup");
        assert_eq!(content["actions"][0]["url"], "https://h/a/0");
    }
}
