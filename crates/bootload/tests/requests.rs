//! What counts as a request and what does not.

use bootload::BootError;
use bootload::requests::{Feature, Requests};

const COMMON: [u64; 2] = [0xc7b1_dd30_df4c_8b88, 0x0a82_e883_a194_f07b];
const HHDM: [u64; 2] = [0x48dc_f1cb_8ad2_b852, 0x6398_4e95_9a98_244b];
const MEMORY_MAP: [u64; 2] = [0x67cf_3d9d_378a_806f, 0xe304_acdf_c50c_3c62];
const STACK_SIZE: [u64; 2] = [0x224e_f046_0a8e_8926, 0xe1cb_0fc2_5f46_ea3d];
const START: [u64; 4] =
    [0xf6b8_f4b3_9de7_d1ae, 0xfab9_1a69_40fc_b9cf, 0x785c_6ed0_15d3_e316, 0x181e_920a_7852_b9d9];
const END: [u64; 2] = [0xadc0_e053_1bb1_0d03, 0x9572_709f_3176_4c62];

fn revision(number: u64) -> Vec<u64> {
    vec![0xf956_2b2d_5c95_a6c8, 0x6a7b_3849_4453_6bdc, number]
}

fn request(id: [u64; 2], fields: &[u64]) -> Vec<u64> {
    [&COMMON, &id, &[0, 0][..], fields].concat()
}

fn image(parts: &[&[u64]]) -> Vec<u8> {
    parts.concat().iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn words(image: &[u8]) -> Vec<u64> {
    image.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect()
}

#[test]
fn requests_are_found_and_answered_in_place() {
    let mut bytes = image(&[&[1, 2], &request(HHDM, &[]), &revision(3), &request(STACK_SIZE, &[0x4_0000])]);
    let requests = Requests::find(&bytes).unwrap();
    assert!(requests.wants(Feature::Hhdm) && !requests.wants(Feature::MemoryMap));
    assert_eq!(requests.field(&bytes, Feature::StackSize, 0, 0), Some(0x4_0000));
    assert_eq!(requests.field(&bytes, Feature::StackSize, 1, 0), None);
    assert_eq!(requests.field(&bytes, Feature::MemoryMap, 0, 0), None);

    let mut expected = words(&bytes);
    (expected[7], expected[9], expected[10]) = (0xabcd, 3, 0);
    requests.answer(&mut bytes, Feature::Hhdm, 0xabcd);
    requests.answer(&mut bytes, Feature::MemoryMap, 0x1234);
    requests.answer_revision(&mut bytes);
    assert_eq!(words(&bytes), expected);
}

#[test]
fn markers_fence_requests_off() {
    let fenced = image(&[
        &request(MEMORY_MAP, &[]),
        &START,
        &revision(3),
        &request(HHDM, &[]),
        &END,
        &request(STACK_SIZE, &[0]),
        // Only the first end counts.
        &END,
    ]);
    let requests = Requests::find(&fenced).unwrap();
    assert!(requests.wants(Feature::Hhdm));
    assert!(!requests.wants(Feature::MemoryMap) && !requests.wants(Feature::StackSize));

    // The last start counts, and each marker alone fences one side.
    let twice = image(&[&START, &request(MEMORY_MAP, &[]), &START, &revision(3), &request(HHDM, &[])]);
    let requests = Requests::find(&twice).unwrap();
    assert!(requests.wants(Feature::Hhdm) && !requests.wants(Feature::MemoryMap));
    let end_only = image(&[&revision(3), &request(HHDM, &[]), &END, &request(MEMORY_MAP, &[])]);
    let requests = Requests::find(&end_only).unwrap();
    assert!(requests.wants(Feature::Hhdm) && !requests.wants(Feature::MemoryMap));
}

#[test]
fn duplicates_are_refused_but_not_across_the_fence() {
    let twice = image(&[&revision(3), &request(HHDM, &[]), &request(HHDM, &[])]);
    assert_eq!(Requests::find(&twice).unwrap_err(), BootError::DuplicateRequest(HHDM[0]));
    let outside = image(&[&request(HHDM, &[]), &START, &revision(3), &request(HHDM, &[])]);
    assert!(Requests::find(&outside).is_ok());
}

#[test]
fn revisions() {
    assert_eq!(Requests::find(&image(&[&request(HHDM, &[])])).unwrap_err(), BootError::OldRevision(0));
    assert_eq!(Requests::find(&image(&[&revision(2)])).unwrap_err(), BootError::OldRevision(2));
    // A newer kernel gets revision 3 and can see that it did.
    let mut newer = image(&[&revision(5)]);
    Requests::find(&newer).unwrap().answer_revision(&mut newer);
    assert_eq!(words(&newer)[1..], [3, 5]);
}

#[test]
fn unaligned_unknown_and_cut_off_requests_are_none() {
    let mut shifted = image(&[&revision(3)]);
    shifted.extend([0; 4]);
    shifted.extend(image(&[&request(HHDM, &[])]));
    assert!(!Requests::find(&shifted).unwrap().wants(Feature::Hhdm));

    let unknown = image(&[&revision(3), &request([1, 2], &[])]);
    assert!(Requests::find(&unknown).is_ok());

    let whole = image(&[&revision(3), &request(HHDM, &[])]);
    for length in 24..whole.len() {
        let mut cut = whole[..length].to_vec();
        let requests = Requests::find(&cut).unwrap();
        assert!(!requests.wants(Feature::Hhdm), "length {length}");
        requests.answer_revision(&mut cut);
    }
}
