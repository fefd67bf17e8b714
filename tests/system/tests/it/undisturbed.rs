use cardwright_system::operator::Operator;
use cardwright_system::run_side_by_side;

#[test]
fn an_undisturbed_encoding_ends_as_all_others_must() {
    run_side_by_side(1, [1, 2], async |lane, _| {
        Operator::sit_down(lane).await?.finish_and_check().await
    });
}
