//! Requests and their events, with the key in a file: keyrings are not to be had everywhere.

use std::path::Path;

use sotto_core::protocol::{KeptText, Passphrase, PersonalStatus};

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
    PersonalDesk::new(home.to_owned(), trainer)
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

#[tokio::test]
async fn a_training_that_cannot_start_ends_once_and_the_next_may_begin() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = desk(home.path(), "/nowhere/sotto-host");
    status(&mut desk, unlock(PASSPHRASE)).await;
    let train = |epsilon| PersonalTask::Train {
        name: "work".to_owned(),
        site: None,
        epsilon,
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
