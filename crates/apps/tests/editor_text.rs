//! The editor's text against a plain `String`: random edits, positions, searches, undoing and redoing.

use apps::editor::{Document, Motion, Pattern, Reach, Text};
use fastrand::Rng;

fn random_text(random: &mut Rng, most: usize) -> String {
    let alphabet: Vec<char> = "ab c\n\n\tAB.äß€😀".chars().collect();
    (0..random.usize(..most)).map(|_| alphabet[random.usize(..alphabet.len())]).collect()
}

fn random_boundary(random: &mut Rng, text: &str) -> usize {
    text.floor_char_boundary(random.usize(..=text.len()))
}

fn whole(text: &Text) -> String {
    text.slice(0..text.len()).unwrap()
}

fn check(text: &Text, model: &str) {
    assert_eq!(whole(text), model);
    assert_eq!(text.len(), model.len());
    assert_eq!(text.lines(), model.split('\n').count());
}

#[test]
fn random_edits_equal_those_of_a_string() {
    for seed in 1..30 {
        let mut random = Rng::with_seed(seed * 0x9e37_79b9);
        let (mut text, mut model) = (Text::new(), String::new());
        for step in 0..300 {
            // Large pieces now and then, so that the text is split and joined.
            let most = if step % 7 == 0 { 12_000 } else { 40 };
            if random.usize(..5) < 3 {
                let at = random_boundary(&mut random, &model);
                let piece = random_text(&mut random, most);
                text.insert(at, &piece).unwrap();
                model.insert_str(at, &piece);
            } else {
                let (a, b) = (random_boundary(&mut random, &model), random_boundary(&mut random, &model));
                let start = a.min(b);
                let end = model.floor_char_boundary(a.max(b).min(start + most));
                text.remove(start..end);
                model.replace_range(start..end, "");
            }
            if step % 10 == 0 {
                check(&text, &model);
            }
        }
        check(&text, &model);
        let starts: Vec<usize> =
            std::iter::once(0).chain(model.match_indices('\n').map(|(at, _)| at + 1)).collect();
        for _ in 0..200 {
            let at = random_boundary(&mut random, &model);
            assert_eq!(text.line_of(at), model[..at].matches('\n').count());
            assert_eq!(text.char_at(at), model[at..].chars().next());
            assert_eq!(text.char_before(at), model[..at].chars().next_back());
            let line = random.usize(..starts.len());
            let end = starts.get(line + 1).map_or(model.len(), |next| next - 1);
            assert_eq!(text.line(line), starts[line]..end);
            let end = random_boundary(&mut random, &model).max(at);
            assert_eq!(text.slice(at..end).unwrap(), model[at..end]);
        }
    }
}

#[test]
fn searching_finds_what_a_string_finds() {
    let mut random = Rng::with_seed(77);
    let model = random_text(&mut random, 40_000);
    let mut text = Text::new();
    text.insert(0, &model).unwrap();
    for needle in ["A", "Ab", "aB", "€", "ä\n", "B.", "zz"] {
        let pattern = Pattern::new(needle).unwrap();
        for _ in 0..50 {
            let from = random_boundary(&mut random, &model);
            let expected = model[from..].find(needle).map(|at| from + at);
            if needle.chars().any(char::is_uppercase) {
                assert_eq!(
                    text.find(&pattern, from).map(|place| place.start),
                    expected,
                    "{needle} from {from}"
                );
                let before = model.match_indices(needle).map(|(at, _)| at).take_while(|at| *at < from).last();
                assert_eq!(text.find_back(&pattern, from).map(|place| place.start), before);
            }
        }
    }
    let any_case = Pattern::new("ab").unwrap();
    let lower = model.to_ascii_lowercase();
    assert_eq!(text.find(&any_case, 0).map(|place| place.start), lower.find("ab"));
}

/// Undoing goes back through every state that was shown between two changes, and redoing forward again.
#[test]
fn undo_and_redo_walk_through_the_states() {
    for seed in 1..40 {
        let mut random = Rng::with_seed(seed * 7919);
        let mut document = Document::new();
        let mut states = vec![String::new()];
        for _ in 0..60 {
            match random.usize(..9) {
                0..=2 => {
                    let letter = ['a', 'b', ' ', 'ß'][random.usize(..4)];
                    document.type_char(letter).unwrap();
                }
                3 => document.type_line_end().unwrap(),
                4 => document.insert(&random_text(&mut random, 30)).unwrap(),
                5 => {
                    let reach =
                        [Reach::Back, Reach::Forward, Reach::WordBack, Reach::WordForward][random.usize(..4)];
                    document.erase(reach).unwrap();
                }
                6 => {
                    let motion =
                        [Motion::Left, Motion::WordRight, Motion::Start, Motion::LineEnd][random.usize(..4)];
                    document.move_to(motion, random.bool());
                }
                7 => {
                    let pattern = Pattern::new("a").unwrap();
                    document.replace_all(&pattern, "ccc").unwrap();
                }
                _ => document.go(random.usize(..document.text().len() + 1), random.usize(..3) == 0),
            }
            states.push(whole(document.text()));
        }
        let last = whole(document.text());
        let mut undone = Vec::new();
        while document.undo().unwrap() {
            undone.push(whole(document.text()));
            assert!(states.contains(undone.last().unwrap()), "a state that never was");
        }
        assert_eq!(whole(document.text()), "");
        assert!(!document.is_changed(), "as it was at first");
        while document.redo().unwrap() {}
        assert_eq!(whole(document.text()), last);
    }
}

#[test]
fn typing_is_undone_by_words() {
    let mut document = Document::new();
    for letter in "two words".chars() {
        document.type_char(letter).unwrap();
    }
    document.undo().unwrap();
    assert_eq!(whole(document.text()), "two ");
    document.undo().unwrap();
    assert_eq!(whole(document.text()), "");
    document.redo().unwrap();
    document.redo().unwrap();
    for _ in 0..5 {
        document.erase(Reach::Back).unwrap();
    }
    assert_eq!(whole(document.text()), "two ");
    document.undo().unwrap();
    assert_eq!(whole(document.text()), "two words", "erasing is one change");
}

#[test]
fn saved_is_a_place_in_the_history() {
    let mut document = Document::new();
    document.insert("one").unwrap();
    assert!(document.is_changed());
    document.mark_saved();
    document.type_char('!').unwrap();
    assert!(document.is_changed());
    document.undo().unwrap();
    assert!(!document.is_changed(), "back to what was saved");
    document.undo().unwrap();
    document.insert("two").unwrap();
    assert!(document.is_changed(), "no way leads back");
    document.undo().unwrap();
    assert!(document.is_changed());
}

#[test]
fn replacing_everything_is_one_change() {
    let mut document = Document::new();
    document.insert("a cat, a Cat, a category").unwrap();
    let pattern = Pattern::new("cat").unwrap();
    assert_eq!(document.replace_all(&pattern, "dog").unwrap(), 3);
    assert_eq!(whole(document.text()), "a dog, a dog, a dogegory");
    document.undo().unwrap();
    assert_eq!(whole(document.text()), "a cat, a Cat, a category");
}
