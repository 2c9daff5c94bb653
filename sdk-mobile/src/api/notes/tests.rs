//! On a disk, and in memory.

use super::folder::{FILE, FILE_WRITTEN};
use super::{KEPT_MS, NOTES_MAX, NOTES_TOTAL_MAX, Note, NoteError, Notes, Place};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

const NOW: i64 = 1_767_323_045_000;

/// A folder that is not there yet, and goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("parlor-notes-{}-{number}", std::process::id());

        Self(std::env::temp_dir().join(name))
    }

    fn notes(&self) -> Notes {
        Notes::new(Some(self.0.to_str().unwrap().to_owned()))
    }

    fn read(&self) -> Vec<Value> {
        serde_json::from_slice(&std::fs::read(self.0.join(FILE)).unwrap()).unwrap()
    }

    fn write(&self, content: &[u8]) {
        std::fs::create_dir_all(&self.0).unwrap();
        std::fs::write(self.0.join(FILE), content).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn note(who: &str, key: &str) -> Note {
    Note {
        place: Place {
            server: "http://127.0.0.1/graphql".to_owned(),
            room_id: "room".to_owned(),
            participant_id: who.to_owned(),
        },
        key: key.to_owned(),
        reward_id: "reward".to_owned(),
        cost: Some(30),
        input: None,
        at_unix_millis: NOW,
    }
}

#[test]
fn the_same_order_has_the_same_key_and_cost_until_it_is_answered() {
    let folder = Folder::new();
    let first = folder.notes().note(note("ana", "1"), false).unwrap();
    let dearer = Note {
        cost: Some(90),
        ..note("ana", "2")
    };
    // Another process, which has nothing but the folder.
    let again = folder.notes().note(dearer.clone(), false).unwrap();
    assert_eq!(again, first);

    folder.notes().forget(&first, NOW).unwrap();
    assert_eq!(folder.notes().note(dearer.clone(), false).unwrap(), dearer);
}

#[test]
fn what_differs_is_another_order() {
    let folder = Folder::new();
    let notes = folder.notes();
    notes.note(note("ana", "1"), false).unwrap();
    let others = [
        (note("ben", "2"), false),
        (
            Note {
                input: Some("4".to_owned()),
                ..note("ana", "3")
            },
            false,
        ),
        (
            Note {
                reward_id: "another".to_owned(),
                ..note("ana", "4")
            },
            false,
        ),
        (note("ana", "5"), true),
    ];
    for (other, is_named) in others {
        assert_eq!(notes.note(other.clone(), is_named).unwrap(), other);
    }

    let of_ana = notes.of(&note("ana", "1").place, NOW).unwrap();
    let keys: Vec<_> = of_ana.iter().map(|note| note.key.as_str()).collect();
    assert_eq!(keys, ["1", "3", "4", "5"]);
    // A key of two viewers is two, and so is one of two orders.
    notes.note(note("ben", "1"), true).unwrap();
    let other = Note {
        input: Some("6".to_owned()),
        ..note("ana", "1")
    };
    notes.note(other, true).unwrap();
    notes.forget(&note("ana", "1"), NOW).unwrap();
    assert_eq!(notes.of(&note("ben", "1").place, NOW).unwrap().len(), 2);
    assert_eq!(notes.of(&note("ana", "1").place, NOW).unwrap().len(), 4);
}

#[test]
fn what_is_old_goes_whoevers_it_is() {
    let folder = Folder::new();
    let notes = folder.notes();
    notes.note(note("ana", "1"), false).unwrap();
    let place = note("ana", "1").place;

    assert_eq!(notes.of(&place, NOW + KEPT_MS - 1).unwrap().len(), 1);
    notes.of(&note("ben", "1").place, NOW + KEPT_MS).unwrap();
    assert_eq!(notes.of(&place, NOW).unwrap(), []);
    // A clock that was wrong.
    notes.note(note("ana", "2"), false).unwrap();
    assert_eq!(notes.of(&place, NOW - KEPT_MS).unwrap(), []);
}

#[test]
fn there_is_a_most() {
    let folder = Folder::new();
    let notes = folder.notes();
    let key = |number: usize| note("ana", &number.to_string());
    for number in 0..NOTES_MAX {
        notes.note(key(number), true).unwrap();
    }

    assert!(matches!(
        notes.note(key(NOTES_MAX), true),
        Err(NoteError::TooMany)
    ));
    assert_eq!(notes.note(key(7), true).unwrap(), key(7));
    // It is of one viewer in one room.
    notes.note(note("ben", "1"), true).unwrap();
    assert!(notes.has(&note("ben", "1"), NOW).unwrap());
}

#[test]
fn there_is_a_most_of_all_viewers() {
    let folder = Folder::new();
    let full: Vec<Note> = (0..NOTES_TOTAL_MAX)
        .map(|number| note(&number.to_string(), "1"))
        .collect();
    folder.write(&serde_json::to_vec(&full).unwrap());

    assert!(matches!(
        folder.notes().note(note("ana", "1"), true),
        Err(NoteError::TooMany)
    ));
}

#[test]
fn what_is_not_understood_loses_nothing_that_is_and_is_kept() {
    let folder = Folder::new();
    let newer = json!({ "version": 2, "key": 7, "at_unix_millis": NOW });
    let ours = serde_json::to_value(note("ana", "1")).unwrap();
    folder.write(json!([newer, ours]).to_string().as_bytes());
    let notes = folder.notes();
    assert!(notes.has(&note("ana", "1"), NOW).unwrap());

    notes.note(note("ana", "2"), true).unwrap();
    assert!(folder.read().contains(&newer));
    assert_eq!(folder.read().len(), 3);
    // Nor is it kept for ever.
    notes.sweep(NOW + KEPT_MS).unwrap();
    assert_eq!(folder.read(), [] as [Value; 0]);
}

#[test]
fn a_note_is_there_until_it_is_forgotten_or_old_and_is_itself() {
    let folder = Folder::new();
    let notes = folder.notes();
    let one = note("ana", "1");
    notes.note(one.clone(), true).unwrap();
    assert!(notes.has(&one, NOW + KEPT_MS - 1).unwrap());
    assert!(!notes.has(&note("ana", "2"), NOW).unwrap());
    assert!(!notes.has(&one, NOW + KEPT_MS).unwrap());

    notes.note(one.clone(), true).unwrap();
    notes.forget(&one, NOW).unwrap();
    assert!(!notes.has(&one, NOW).unwrap());
}

#[test]
fn what_is_left_behind_is_swept_and_a_folder_without_any_is_not_made() {
    let folder = Folder::new();
    folder.notes().sweep(NOW).unwrap();
    assert!(!folder.0.exists());

    folder.notes().note(note("ana", "1"), false).unwrap();
    std::fs::write(folder.0.join(FILE_WRITTEN), "half").unwrap();
    folder.notes().sweep(NOW + KEPT_MS).unwrap();
    assert!(!folder.0.join(FILE_WRITTEN).exists());
    assert_eq!(folder.read(), [] as [Value; 0]);
}

#[test]
fn what_a_process_left_half_written_is_not_read() {
    let folder = Folder::new();
    folder.notes().note(note("ana", "1"), false).unwrap();
    let half = r#"[{"place":{"server":"#.repeat(1_000);
    std::fs::write(folder.0.join(FILE_WRITTEN), half).unwrap();
    folder.notes().note(note("ana", "2"), true).unwrap();
    let place = note("ana", "1").place;
    assert_eq!(folder.notes().of(&place, NOW).unwrap().len(), 2);

    std::fs::write(folder.0.join(FILE), "of somebody else").unwrap();
    assert_eq!(folder.notes().of(&place, NOW).unwrap(), []);
    folder.notes().note(note("ana", "3"), false).unwrap();
    assert_eq!(folder.notes().of(&place, NOW).unwrap().len(), 1);
}

#[test]
fn many_who_ask_for_the_same_at_once_ask_by_one_key() {
    for is_in_folder in [true, false] {
        let folder = Folder::new();
        let asked = |number: u32| {
            let notes = if is_in_folder {
                folder.notes()
            } else {
                Notes::new(None)
            };
            notes
                .note(note("many", &number.to_string()), false)
                .unwrap()
                .key
        };
        let keys: Vec<String> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..16).map(|it| scope.spawn(move || asked(it))).collect();
            asking.into_iter().map(|one| one.join().unwrap()).collect()
        });

        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
}

#[test]
fn what_cannot_be_noted_is_said() {
    let folder = Folder::new();
    std::fs::write(&folder.0, "a file").unwrap();
    let refused = folder.notes().note(note("ana", "1"), false);
    std::fs::remove_file(&folder.0).unwrap();

    assert!(matches!(refused, Err(NoteError::Storage(_))), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn nobody_else_reads_what_viewers_typed() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    folder.notes().note(note("ana", "1"), false).unwrap();
    let mode = |file: &Path| std::fs::metadata(file).unwrap().permissions().mode();

    assert_eq!(mode(&folder.0.join(FILE)) & 0o077, 0);
}
