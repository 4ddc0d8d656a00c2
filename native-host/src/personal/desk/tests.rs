//! Requests and their events, with the key in a file: keyrings are not to be had everywhere.

use std::path::Path;

use sotto_core::protocol::{
    ExportKind, KeptText, LastTraining, PackChunk, Passphrase, PersonalStatus,
};

use super::super::PersonalState;
use super::*;

const SITE: &str = "https://mail.example";
const PASSPHRASE: &str = "correct horse battery";

/// A desk whose trainer is `program`; personalisation is on, with the key in a file.
fn desk(home: &Path, program: &str) -> PersonalDesk {
    let mut store = Store::open(home).unwrap();
    let vault = PassphraseFile::new(home, PASSPHRASE.to_owned());
    Personal::new(&mut store, &vault)
        .switch_on(KeyHome::File)
        .unwrap();
    let trainer = ChildCommand {
        program: program.into(),
        arguments: vec![],
    };
    PersonalDesk::new(home.to_owned(), trainer, vec![])
}

async fn ask(desk: &mut PersonalDesk, task: PersonalTask) -> HostEvent {
    desk.handle(HostRequest::Personal { id: 7, task });
    desk.next().await
}

async fn status(desk: &mut PersonalDesk, task: PersonalTask) -> PersonalStatus {
    match ask(desk, task).await {
        HostEvent::Personal {
            id: 7,
            answer: PersonalAnswer::Status { status },
        } => status,
        other => panic!("{other:?}"),
    }
}

async fn texts(desk: &mut PersonalDesk, query: &str) -> Vec<KeptText> {
    let task = PersonalTask::Texts {
        query: query.to_owned(),
        before: None,
    };
    match ask(desk, task).await {
        HostEvent::Personal {
            answer: PersonalAnswer::Texts { texts, .. },
            ..
        } => texts,
        other => panic!("{other:?}"),
    }
}

fn code(event: &HostEvent) -> Option<ErrorCode> {
    match event {
        HostEvent::Error { error, .. } => Some(error.code),
        _ => None,
    }
}

fn keep(text: &str) -> PersonalTask {
    PersonalTask::Keep {
        site: SITE.to_owned(),
        text: text.to_owned(),
    }
}

fn unlock(passphrase: &str) -> PersonalTask {
    PersonalTask::Unlock {
        passphrase: Passphrase(passphrase.to_owned()),
    }
}

#[tokio::test]
async fn a_closed_key_says_so_and_the_passphrase_opens_it() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "none");
    let closed = status(&mut desk, PersonalTask::Status).await;
    assert!(closed.is_on && !closed.is_open && closed.is_key_in_file);
    assert!(!closed.trouble.is_empty());
    let all = PersonalTask::Texts {
        query: String::new(),
        before: None,
    };
    let refused = ask(&mut desk, all).await;
    assert_eq!(code(&refused), Some(ErrorCode::PersonalLocked));
    let wrong = ask(&mut desk, unlock("another horse battery")).await;
    assert_eq!(code(&wrong), Some(ErrorCode::PersonalLocked));
    assert!(status(&mut desk, unlock(PASSPHRASE)).await.is_open);
}

#[tokio::test]
async fn texts_of_named_sites_are_kept_found_and_erased() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "none");
    status(&mut desk, unlock(PASSPHRASE)).await;
    let refused = ask(&mut desk, keep("The harbour is closed on Sundays.")).await;
    assert_eq!(code(&refused), Some(ErrorCode::BadRequest));
    let name = PersonalTask::SetSite {
        site: SITE.to_owned(),
        is_named: true,
    };
    assert_eq!(status(&mut desk, name).await.sites, [SITE]);
    ask(&mut desk, keep("The harbour is closed.")).await;
    // The same text, a while later: it takes the place of its beginning.
    ask(
        &mut desk,
        keep("The harbour is closed. Bring the blue rope."),
    )
    .await;
    ask(&mut desk, keep("The ferry leaves at noon.")).await;
    let all = texts(&mut desk, "").await;
    let all: Vec<&str> = all.iter().map(|text| text.text.as_str()).collect();
    assert_eq!(
        all,
        [
            "The ferry leaves at noon.",
            "The harbour is closed. Bring the blue rope."
        ]
    );
    let found = texts(&mut desk, "BLUE").await;
    assert_eq!(found.len(), 1);
    let erase = PersonalTask::EraseText {
        number: found[0].number,
    };
    assert_eq!(status(&mut desk, erase).await.texts, 1);
    let gone = status(&mut desk, PersonalTask::EraseAll).await;
    assert!(!gone.is_on && gone.texts == 0 && gone.sites.is_empty());
    // The key is gone with it.
    let no_key = ask(&mut desk, unlock(PASSPHRASE)).await;
    assert_eq!(code(&no_key), Some(ErrorCode::BadRequest));
}

#[tokio::test]
async fn a_page_of_texts_fits_a_frame_and_says_that_there_are_more() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "none");
    status(&mut desk, unlock(PASSPHRASE)).await;
    let named = PersonalTask::SetSite {
        site: SITE.to_owned(),
        is_named: true,
    };
    status(&mut desk, named).await;
    for at in 0..8 {
        // A control character has six bytes in JSON.
        ask(&mut desk, keep(&format!("{at}{}", "\u{1}".repeat(30_000)))).await;
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let task = PersonalTask::Texts {
            query: String::new(),
            before,
        };
        let event = ask(&mut desk, task).await;
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.len() < sotto_core::protocol::MAX_FRAME_BYTES as usize);
        let HostEvent::Personal {
            answer: PersonalAnswer::Texts { texts, has_more },
            ..
        } = event
        else {
            panic!("{event:?}")
        };
        before = texts.last().map(|text| text.number);
        seen.extend(texts.into_iter().map(|text| text.text[..1].to_owned()));
        if !has_more {
            break;
        }
    }
    assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn an_adapter_is_read_in_chunks() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "none");
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|at| at as u8).collect();
    let vault = PassphraseFile::new(home.path(), PASSPHRASE.to_owned());
    let mut store = Store::open(home.path()).unwrap();
    Personal::new(&mut store, &vault)
        .put_adapter("work", &bytes, 1)
        .unwrap();
    status(&mut desk, unlock(PASSPHRASE)).await;
    let read = |index| PersonalTask::ReadAdapter {
        name: "work".to_owned(),
        index,
    };
    let mut all = Vec::new();
    for index in 0..2 {
        let HostEvent::Personal {
            answer: PersonalAnswer::Adapter { chunk, chunks: 2 },
            ..
        } = ask(&mut desk, read(index)).await
        else {
            panic!("chunk {index}")
        };
        use base64::Engine as _;
        let part = base64::engine::general_purpose::STANDARD
            .decode(chunk.data)
            .unwrap();
        assert_eq!(sotto_core::pack::sha256(&part).to_string(), chunk.sha256);
        all.extend(part);
    }
    assert_eq!(all, bytes);
    let beyond = ask(&mut desk, read(2)).await;
    assert_eq!(code(&beyond), Some(ErrorCode::BadRequest));
}

/// Everything that an export consists of.
async fn exported(desk: &mut PersonalDesk, what: ExportKind) -> Vec<(PackChunk, u32)> {
    let mut task = PersonalTask::Export {
        what,
        passphrase: Passphrase("another passphrase".to_owned()),
    };
    let mut parts = Vec::new();
    loop {
        let HostEvent::Personal {
            answer: PersonalAnswer::Exported { chunk, chunks },
            ..
        } = ask(desk, task).await
        else {
            panic!("chunk {}", parts.len())
        };
        let index = chunk.index + 1;
        parts.push((chunk, chunks));
        if index == chunks {
            return parts;
        }
        task = PersonalTask::ReadExport { index };
    }
}

#[tokio::test]
async fn texts_go_out_and_come_in_on_another_device() {
    let homes = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [mut here, mut there] = homes.each_ref().map(|home| desk(home.path(), "none"));
    let named = || PersonalTask::SetSite {
        site: SITE.to_owned(),
        is_named: true,
    };
    for desk in [&mut here, &mut there] {
        status(desk, unlock(PASSPHRASE)).await;
        status(desk, named()).await;
    }
    ask(&mut here, keep("The harbour is closed on Sundays.")).await;
    ask(&mut here, keep("The ferry leaves at noon, as ever.")).await;
    ask(&mut there, keep("The ferry leaves at noon, as ever.")).await;
    for (chunk, chunks) in exported(&mut here, ExportKind::Texts).await {
        let put = PersonalTask::PutImport { chunk, chunks };
        let event = ask(&mut there, put).await;
        assert!(matches!(
            event,
            HostEvent::Personal {
                answer: PersonalAnswer::Received { .. },
                ..
            }
        ));
    }
    let import = |passphrase: &str| PersonalTask::Import {
        name: "mine".to_owned(),
        passphrase: Passphrase(passphrase.to_owned()),
    };
    // Another passphrase costs nothing but the try.
    let wrong = ask(&mut there, import("no such passphrase")).await;
    assert_eq!(code(&wrong), Some(ErrorCode::PersonalLocked));
    let event = ask(&mut there, import("another passphrase")).await;
    let HostEvent::Personal {
        answer:
            PersonalAnswer::Imported {
                is_adapter: false,
                texts: 1,
                left_out: 1,
            },
        ..
    } = event
    else {
        panic!("{event:?}")
    };
    assert_eq!(texts(&mut there, "").await.len(), 2);
    // It is forgotten once it was taken.
    let again = ask(&mut there, import("another passphrase")).await;
    assert_eq!(code(&again), Some(ErrorCode::BadRequest));
}

#[tokio::test]
async fn the_status_says_how_much_was_kept_since_the_last_training() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "none");
    status(&mut desk, unlock(PASSPHRASE)).await;
    let vault = PassphraseFile::new(home.path(), PASSPHRASE.to_owned());
    let mut store = Store::open(home.path()).unwrap();
    let mut personal = Personal::new(&mut store, &vault);
    personal.set_site(SITE, true).unwrap();
    let long = |at: i64| format!("{at}{}", " The harbour is closed.".repeat(100));
    let now = now_s();
    personal.keep(SITE, &long(1), now - 100).unwrap();
    assert_eq!(
        (
            personal.status().unwrap().new_kib,
            personal.status().unwrap().last_training
        ),
        (2, None)
    );
    let last = LastTraining {
        at_s: u32::try_from(now - 50).unwrap(),
        is_used: false,
    };
    let state = PersonalState {
        last_training: Some(last),
        ..personal.state_on().unwrap()
    };
    personal.set_state(&state).unwrap();
    assert_eq!(personal.status().unwrap().new_kib, 0);
    personal.keep(SITE, &long(2), now).unwrap();
    let status = status(&mut desk, PersonalTask::Status).await;
    assert_eq!((status.new_kib, status.last_training), (2, Some(last)));
}

#[tokio::test]
async fn a_training_that_cannot_start_ends_once_and_the_next_may_begin() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "/nowhere/sotto-host");
    status(&mut desk, unlock(PASSPHRASE)).await;
    let train = |epsilon| PersonalTask::Train {
        name: "work".to_owned(),
        site: None,
        epsilon,
        browser_version: None,
    };
    // Nothing is kept, then ε is none, then there is no program.
    assert_eq!(
        code(&ask(&mut desk, train(None)).await),
        Some(ErrorCode::BadRequest)
    );
    assert_eq!(
        code(&ask(&mut desk, train(Some(f32::NAN))).await),
        Some(ErrorCode::BadRequest)
    );
    let named = PersonalTask::SetSite {
        site: SITE.to_owned(),
        is_named: true,
    };
    status(&mut desk, named).await;
    ask(&mut desk, keep("The harbour is closed on Sundays.")).await;
    ask(&mut desk, keep("The ferry leaves at noon, as ever.")).await;
    assert_eq!(
        code(&ask(&mut desk, train(None)).await),
        Some(ErrorCode::WorkerLost)
    );
}

#[tokio::test]
async fn a_training_is_for_the_model_that_the_browser_uses() {
    let home = tempfile::tempdir().unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/packs/sotto-nano");
    let (version, _) = base_of(&shipped).unwrap();
    let mut desk = desk(home.path(), "/nowhere/sotto-host");
    desk.parts.bases = vec![home.path().to_owned(), shipped.clone()];
    let trainer = desk.parts.trainer(Some(version)).unwrap();
    assert_eq!(
        trainer.arguments,
        ["--pack".to_owned(), shipped.to_string_lossy().into_owned()]
    );
    let again = trainer.for_pack(home.path());
    assert_eq!(again.arguments.len(), 2);
    status(&mut desk, unlock(PASSPHRASE)).await;
    let train = PersonalTask::Train {
        name: "work".to_owned(),
        site: None,
        epsilon: None,
        browser_version: Some(version + 1),
    };
    assert_eq!(
        code(&ask(&mut desk, train).await),
        Some(ErrorCode::ModelMissing)
    );
}

#[test]
fn a_training_waits_while_there_is_other_work_and_stops_for_good() {
    let gate = Arc::new(Gate::default());
    assert_eq!(gate.passes(SIGN_OF_LIFE), Some(true));
    gate.set(Pass::Wait);
    assert_eq!(gate.passes(Duration::ZERO), None);
    let waiting = {
        let gate = gate.clone();
        thread::spawn(move || gate.passes(SIGN_OF_LIFE))
    };
    gate.set(Pass::Go);
    assert_eq!(waiting.join().unwrap(), Some(true));
    gate.set(Pass::Wait);
    gate.set(Pass::Stop);
    gate.set(Pass::Go);
    assert_eq!(gate.passes(SIGN_OF_LIFE), Some(false));
}
