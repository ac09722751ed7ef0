//! Every shape is recognised, gives its time, and reads by the canonical paths.

use super::*;

/// Source, shape, event, and what canonical paths find in it.
type Sample = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);

const SHAPES: &[Sample] = &[
    (
        "m365.audit",
        "management-activity",
        r#"{"CreationTime":"2021-03-23T15:45:38","Id":"i","RecordType":1,"Operation":"Set-Mailbox","OrganizationId":"o","UserType":2,"UserId":"u","Parameters":[{"Name":"ForwardTo","Value":"x"}]}"#,
        &[("Operation", "Set-Mailbox"), ("Parameters[Name=ForwardTo].Value", "x")],
    ),
    (
        "m365.audit",
        "log-analytics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","Type":"OfficeActivity","OfficeId":"i","RecordType":"ExchangeAdmin","Operation":"Set-Mailbox","OfficeWorkload":"Exchange","OfficeObjectId":"box","UserId":"u","Client_IPAddress":"1.2.3.4","Parameters":"[{\"Name\":\"ForwardTo\",\"Value\":\"x\"}]"}"#,
        &[
            ("Operation", "Set-Mailbox"),
            ("Parameters[Name=ForwardTo].Value", "x"),
            ("Id", "i"),
            ("ObjectId", "box"),
            ("ClientIP", "1.2.3.4"),
            ("Workload", "Exchange"),
        ],
    ),
    (
        "m365.audit",
        "graph-audit-log-query",
        r#"{"id":"g","createdDateTime":"2021-03-23T15:45:39Z","auditLogRecordType":"exchangeAdmin","operation":"Set-Mailbox","auditData":{"CreationTime":"2021-03-23T15:45:38","Id":"i","Operation":"Set-Mailbox","Parameters":[{"Name":"ForwardTo","Value":"x"}]}}"#,
        &[("Operation", "Set-Mailbox"), ("Parameters[Name=ForwardTo].Value", "x"), ("Id", "i")],
    ),
    (
        "m365.audit",
        "defender-cloud-app-events",
        r#"{"Timestamp":"2021-03-23T15:45:38Z","ActionType":"Set-Mailbox","Application":"Microsoft Exchange Online","RawEventData":{"CreationTime":"2021-03-23T15:45:38","Id":"i","Operation":"Set-Mailbox","Parameters":[{"Name":"ForwardTo","Value":"x"}]}}"#,
        &[("Operation", "Set-Mailbox"), ("Parameters[Name=ForwardTo].Value", "x")],
    ),
    (
        "m365.audit",
        "defender-cloud-app-events",
        r#"{"Timestamp":"2021-03-23T15:45:38Z","ActionType":"Set-Mailbox","Application":"Microsoft Exchange Online","RawEventData":"{\"Id\":\"i\",\"Operation\":\"Set-Mailbox\",\"Parameters\":[{\"Name\":\"ForwardTo\",\"Value\":\"x\"}]}"}"#,
        &[("Operation", "Set-Mailbox"), ("Parameters[Name=ForwardTo].Value", "x")],
    ),
    (
        "m365.audit",
        "defender-streaming",
        r#"{"time":"2021-03-23T15:45:40Z","tenantId":"t","operationName":"Publish","category":"AdvancedHunting-CloudAppEvents","properties":{"Timestamp":"2021-03-23T15:45:38Z","RawEventData":{"Id":"i","Operation":"Set-Mailbox"}}}"#,
        &[("Operation", "Set-Mailbox")],
    ),
    (
        "entra.signin",
        "diagnostic",
        r#"{"time":"2021-03-23T15:46:00Z","category":"NonInteractiveUserSignInLogs","operationName":"Sign-in activity","resultType":"50126","callerIpAddress":"1.2.3.4","properties":{"createdDateTime":"2021-03-23T15:45:38Z","userPrincipalName":"u","status":{"errorCode":50126}}}"#,
        &[("properties.userPrincipalName", "u"), ("resultType", "50126"), ("properties.status.errorCode", "50126")],
    ),
    (
        "entra.signin",
        "diagnostic-lower-case",
        r#"{"time":"2021-03-23 15:46:00","category":"ServicePrincipalSignInLogs","operationname":"Sign-in activity","resulttype":0,"properties":{"createdDateTime":"2021-03-23 15:45:38.000000100","userPrincipalName":"u"}}"#,
        &[("properties.userPrincipalName", "u"), ("resultType", "0"), ("operationName", "Sign-in activity")],
    ),
    (
        "entra.signin",
        "graph",
        r#"{"id":"s","createdDateTime":"2021-03-23T15:45:38Z","userPrincipalName":"u","appId":"a","appDisplayName":"app","ipAddress":"1.2.3.4","conditionalAccessStatus":"success","resourceId":"r","status":{"errorCode":50126,"failureReason":"bad"},"location":{"city":"c","countryOrRegion":"NL"}}"#,
        &[
            ("properties.userPrincipalName", "u"),
            ("resultType", "50126"),
            ("callerIpAddress", "1.2.3.4"),
            ("location", "NL"),
            ("properties.location.city", "c"),
            ("properties.resourceId", "r"),
        ],
    ),
    (
        "entra.signin",
        "log-analytics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","Type":"SigninLogs","ResultType":"50126","UserPrincipalName":"u","IPAddress":"1.2.3.4","Status":"{\"errorCode\":50126}","LocationDetails":{"city":"c"},"ConditionalAccessStatus":"success"}"#,
        &[
            ("properties.userPrincipalName", "u"),
            ("resultType", "50126"),
            ("properties.status.errorCode", "50126"),
            ("properties.location.city", "c"),
        ],
    ),
    (
        "entra.audit",
        "diagnostic",
        r#"{"time":"2021-03-23T15:46:00Z","category":"AuditLogs","operationName":"Add member to role","properties":{"activityDateTime":"2021-03-23T15:45:38Z","initiatedBy":{"user":{"userPrincipalName":"u"}},"targetResources":[{"modifiedProperties":[{"displayName":"Role.DisplayName","newValue":"\"GA\""}]}]}}"#,
        &[("properties.initiatedBy.user.userPrincipalName", "u"), ("operationName", "Add member to role")],
    ),
    (
        "entra.audit",
        "graph",
        r#"{"id":"x","category":"RoleManagement","activityDateTime":"2021-03-23T15:45:38Z","activityDisplayName":"Add member to role","loggedByService":"Core Directory","result":"success","initiatedBy":{"user":{"userPrincipalName":"u"}},"targetResources":[]}"#,
        &[
            ("properties.initiatedBy.user.userPrincipalName", "u"),
            ("operationName", "Add member to role"),
            ("properties.category", "RoleManagement"),
            ("properties.result", "success"),
        ],
    ),
    (
        "entra.audit",
        "log-analytics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","Type":"AuditLogs","Category":"RoleManagement","OperationName":"Add member to role","InitiatedBy":"{\"user\":{\"userPrincipalName\":\"u\"}}","TargetResources":[],"Result":"success"}"#,
        &[
            ("properties.initiatedBy.user.userPrincipalName", "u"),
            ("operationName", "Add member to role"),
            ("properties.category", "RoleManagement"),
            ("properties.result", "success"),
        ],
    ),
    (
        "azure.activity",
        "diagnostic",
        r#"{"time":"2021-03-23T15:45:38.0000000Z","resourceId":"/s","operationName":"MICROSOFT.X/WRITE","category":"Administrative","resultType":"Success","callerIpAddress":"1.2.3.4","identity":{"claims":{"name":"n"}}}"#,
        &[("operationName", "MICROSOFT.X/WRITE"), ("resultType", "Success"), ("identity.claims.name", "n")],
    ),
    (
        "azure.activity",
        "rest",
        r#"{"eventTimestamp":"2021-03-23T15:45:38.0000000Z","resourceId":"/s","caller":"u","claims":{"name":"n"},"operationName":{"value":"Microsoft.X/write","localizedValue":"Write"},"status":{"value":"Succeeded"},"category":{"value":"Administrative"},"httpRequest":{"clientIpAddress":"1.2.3.4"}}"#,
        &[
            ("operationName", "Microsoft.X/write"),
            ("resultType", "Succeeded"),
            ("identity.claims.name", "n"),
            ("callerIpAddress", "1.2.3.4"),
            ("category", "Administrative"),
        ],
    ),
    (
        "azure.activity",
        "log-analytics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","Type":"AzureActivity","OperationNameValue":"MICROSOFT.X/WRITE","ActivityStatusValue":"Success","Caller":"u","Claims":"{\"name\":\"n\"}","_ResourceId":"/s"}"#,
        &[
            ("operationName", "MICROSOFT.X/WRITE"),
            ("resultType", "Success"),
            ("identity.claims.name", "n"),
            ("resourceId", "/s"),
        ],
    ),
    (
        "azure.activity",
        "vault",
        r#"{"time":"2021-03-23T15:45:38.0000000Z","resourceId":"/V","operationName":"SecretGet","category":"AuditEvent","resultType":"Success","resultSignature":"OK","callerIpAddress":"1.2.3.4","identity":{"claim":{"oid":"o","appid":"a"}},"properties":{"id":"https://v.vault.azure.net/secrets/s","httpStatusCode":200}}"#,
        &[("operationName", "SecretGet"), ("identity.claim.oid", "o"), ("properties.httpStatusCode", "200")],
    ),
    (
        "azure.activity",
        "vault-log-analytics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","Type":"AZKVAuditLogs","OperationName":"SecretGet","ResultSignature":"OK","CallerIpAddress":"1.2.3.4","Identity":{"claim":{"oid":"o"}},"Id":"https://v.vault.azure.net/secrets/s","_ResourceId":"/v"}"#,
        &[
            ("operationName", "SecretGet"),
            ("identity.claim.oid", "o"),
            ("properties.id", "https://v.vault.azure.net/secrets/s"),
            ("resourceId", "/v"),
        ],
    ),
    (
        "azure.activity",
        "vault-diagnostics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","Type":"AzureDiagnostics","Category":"AuditEvent","OperationName":"SecretGet","ResultSignature":"OK","CallerIPAddress":"1.2.3.4","identity_claim_oid_g":"o","id_s":"https://v.vault.azure.net/secrets/s","ResourceId":"/V"}"#,
        &[
            ("operationName", "SecretGet"),
            ("identity.claim.oid", "o"),
            ("properties.id", "https://v.vault.azure.net/secrets/s"),
            ("resourceId", "/V"),
        ],
    ),
    (
        "windows.event",
        "flat",
        r#"{"EventID":1,"Channel":"c","Computer":"pc","Provider_Name":"p","TimeCreated":"2021-03-23T15:45:38Z","Image":"i.exe"}"#,
        &[("EventID", "1"), ("Computer", "pc"), ("Image", "i.exe")],
    ),
    (
        "windows.event",
        "winlogbeat",
        r#"{"@timestamp":"2021-03-23T15:45:38Z","message":"m","winlog":{"channel":"c","event_id":1,"computer_name":"pc","provider_name":"p","event_data":{"Image":"i.exe"}}}"#,
        &[("EventID", "1"), ("Computer", "pc"), ("Image", "i.exe"), ("Message", "m"), ("Channel", "c")],
    ),
    (
        "windows.event",
        "winlogbeat-6",
        r#"{"@timestamp":"2021-03-23T15:45:38Z","message":"m","log_name":"c","event_id":1,"computer_name":"pc","source_name":"p","event_data":{"Image":"i.exe"}}"#,
        &[("EventID", "1"), ("Computer", "pc"), ("Image", "i.exe"), ("Message", "m"), ("Channel", "c")],
    ),
    (
        "windows.event",
        "nxlog",
        r#"{"EventTime":"2021-03-23 17:45:38","@timestamp":"2021-03-23T15:45:38Z","EventID":1,"Channel":"c","Hostname":"pc","SourceName":"p","Image":"i.exe"}"#,
        &[("EventID", "1"), ("Computer", "pc"), ("Image", "i.exe"), ("Provider_Name", "p")],
    ),
    (
        "windows.event",
        "logstash",
        r#"{"@timestamp":"2021-03-23T15:45:38Z","EventID":1,"Channel":"c","Hostname":"pc","SourceName":"p","Image":"i.exe"}"#,
        &[("EventID", "1"), ("Computer", "pc"), ("Image", "i.exe"), ("Provider_Name", "p")],
    ),
    (
        "windows.event",
        "evtx",
        r##"{"Event":{"System":{"EventID":{"#text":1},"Channel":"c","Computer":"pc","Provider":{"#attributes":{"Name":"p"}},"TimeCreated":{"#attributes":{"SystemTime":"2021-03-23T15:45:38Z"}}},"EventData":{"Image":"i.exe"}}}"##,
        &[("EventID", "1"), ("Computer", "pc"), ("Image", "i.exe"), ("Provider_Name", "p")],
    ),
    (
        "windows.event",
        "log-analytics",
        r#"{"TimeGenerated":"2021-03-23T15:45:38Z","EventID":4688,"Computer":"pc","Channel":"Security","EventSourceName":"p","NewProcessName":"i.exe"}"#,
        &[("EventID", "4688"), ("Computer", "pc"), ("NewProcessName", "i.exe"), ("Provider_Name", "p")],
    ),
];

const TIME: i64 = 1_616_514_338_000_000;

#[test]
fn every_shape_is_recognised_timed_and_read_by_canonical_paths() {
    for (source, shape, event, finds) in SHAPES {
        for given in [options(), forced(source)] {
            let mut batcher = Batcher::new(given);
            batcher.push(raw(*event, 1), RECEIVED).unwrap_or_else(|refusal| panic!("{shape}: {refusal}"));
            let batches = batcher.finish();
            assert_eq!((batches[0].source().as_str(), batches[0].shape(0)), (*source, Some(*shape)));
            assert_eq!((batches[0].times(), batches[0].marks()), (&[TIME][..], &[2][..]), "{shape}");
            for (canonical, expected) in *finds {
                assert_eq!(
                    texts(&batches[0], canonical),
                    [Some((*expected).to_owned())],
                    "{source} {shape} {canonical}"
                );
            }
        }
    }
}

#[test]
fn every_shape_of_every_table_has_a_sample_here() {
    for source in sources::Sources::get().list() {
        for shape in &source.shapes {
            let known = SHAPES.iter().any(|(name, sample, ..)| *name == source.name.as_str() && *sample == shape.name);
            assert!(known, "{} {}", source.name, shape.name);
        }
    }
}

#[test]
fn shapes_mixed_in_one_batch_give_the_same_column() {
    for wanted in ["m365.audit", "entra.audit", "entra.signin", "windows.event"] {
        let mut batcher = Batcher::new(options());
        let samples: Vec<_> = SHAPES.iter().filter(|(source, ..)| *source == wanted).collect();
        for _ in 0..3 {
            for (_, _, event, _) in &samples {
                batcher.push(raw(*event, 1), RECEIVED).unwrap();
            }
        }
        let batches = batcher.finish();
        let (canonical, expected) = samples[0].3[0];
        let column = texts(&batches[0], canonical);
        for (row, text) in column.iter().enumerate() {
            let (_, shape, _, finds) = samples[row % samples.len()];
            let own = finds.iter().find(|(name, _)| *name == canonical).map_or(expected, |(_, value)| value);
            assert_eq!(text.as_deref(), Some(own), "{wanted} {shape}");
        }
        let odd: Vec<u32> = (0..column.len() as u32).filter(|row| row % 2 == 1).collect();
        let chosen = batches[0].column_for(&path(canonical), &odd).unwrap();
        for (at, row) in odd.iter().enumerate() {
            assert_eq!(chosen.value(at).map(|(_, text)| text), column[*row as usize].as_deref());
        }
    }
}

#[test]
fn what_a_shape_does_not_have_is_absent_even_where_it_uses_the_name() {
    let mut batcher = Batcher::new(options());
    let graph = SHAPES.iter().find(|(source, shape, ..)| (*source, *shape) == ("entra.signin", "graph")).unwrap();
    batcher.push(raw(graph.2, 1), RECEIVED).unwrap();
    assert_eq!(texts(&batcher.finish()[0], "resourceId"), [None]);
}

#[test]
fn a_custom_source_is_taken_as_it_is_with_its_own_time() {
    let given = BatcherOptions { time_field: Some(path("head.at")), ..forced("custom.payroll") };
    let mut batcher = Batcher::new(given);
    batcher.push(raw(r#"{"head":{"at":1616514338},"x":1}"#, 1), RECEIVED).unwrap();
    batcher.push(raw(r#"{"head":{"at":"soon"}}"#, 2), RECEIVED).unwrap();
    let batches = batcher.finish();
    assert_eq!((batches[0].times(), batches[0].marks()), (&[TIME, RECEIVED][..], &[2, 1][..]));
    let inner = BatcherOptions { time_field: Some(path("body.@json.at[0]")), ..forced("custom.payroll") };
    let mut batcher = Batcher::new(inner);
    batcher.push(raw(r#"{"body":"{\"at\":[\"2021-03-23T15:45:38\"]}"}"#, 1), RECEIVED).unwrap();
    assert_eq!(batcher.finish()[0].times(), [TIME]);
}
