//! What every claim store must do, as small named cases that are generic over
//! the store. A store method is not finished before it has a case here.

mod cascading;
mod containing;
mod ending;
mod finding;
mod listing;
mod mirroring;
mod recording;
mod relating;
mod warning;

/// Runs every case on fresh stores that `$open` makes: an expression that
/// gives the store and whatever has to live as long as it.
macro_rules! conformance {
    ($name:ident, $open:expr) => {
        conformance! { @cases $name, $open,
            recording: added_merged_unchanged
                merging_keeps_the_most_of_both
                one_batch_may_repeat_itself
                order_of_rows_does_not_matter
                soft_news_makes_a_revision_only_after_a_day
                another_source_is_another_entry
                a_new_description_counts_for_all_entries
                an_empty_batch_names_its_source
                long_and_odd_texts_survive,
            ending: what_left_the_list_is_removed
                still_listed_moves_last_seen
                the_same_list_again_keeps_its_claims
                removed_entries_come_back
                what_begins_anew_has_nothing_of_before
                false_positives_answer_only_on_request
                removing_what_is_not_there_does_nothing
                time_runs_out_with_or_without_the_sweeper
                expiry_after_the_last_hearing
                what_is_over_said_again_is_no_news
                what_is_listed_holds_while_the_list_is_fetched
                files_of_a_list_keep_its_claims_alive
                a_later_fetch_does_not_revive_what_left
                an_end_may_be_moved_back_and_forth
                each_type_ends_by_its_own_rule
                a_removal_after_the_end_changes_nothing,
            mirroring: changes_are_told_once_each_as_they_are
                a_store_mirrors_what_another_holds
                a_mirrored_claim_is_ended_a_day_late
                what_is_gone_elsewhere_is_removed
                own_sources_are_not_mirrored,
            finding: nothing_is_found_in_an_empty_store
                a_value_never_answers_for_part_of_another
                networks_answer_for_their_addresses
                ipv6_networks_answer_for_their_addresses
                mapped_addresses_find_the_inner_one
                subtrees_answer_down_to_the_public_suffix
                readings_are_united
                many_questions_are_answered_as_each_alone
                order_is_status_distance_confidence_update
                pages_are_cut_from_one_order
                types_do_not_mix,
            cascading: parents_answer_whatever_they_cover
                subdomains_answer_by_labels
                a_url_finds_its_host_and_what_covers_it
                a_url_finds_its_prefixes
                a_url_finds_its_other_scheme_and_ports
                urls_on_a_host_answer
                what_is_inside_a_network_answers
                the_nearest_relation_is_told
                a_cascade_of_many_readings_counts_each_entry_once
                a_cascade_keeps_the_order_of_answers
                a_wide_cascade_is_counted_and_paged,
            containing: values_that_contain_the_text_answer
                types_and_states_narrow_a_part
                many_values_with_a_part_are_counted_and_paged,
            relating: article_file_malware_campaign_in_that_order
                related_entries_are_active_and_about_other_values
                few_of_many_are_related,
            listing: newest_update_first
                filters_and_exact_totals
                what_claims_say_narrows_lists
                an_end_has_the_labels_of_what_it_ends
                scores_narrow_lists
                since_and_until_bound_the_last_change
                what_is_not_global_is_listed_on_request_only
                ended_entries_are_not_listed
                pages_of_lists_are_exact
                a_list_goes_on_behind_an_entry
                expired_entries_on_request,
            warning: withheld_values_leave_lists_and_stay_found
                informational_lists_only_label
                what_is_over_is_warned_of_too
                a_feed_under_another_category_is_listed_there
                scores_fade_and_corroborate,
        }
    };
    (@cases $name:ident, $open:expr, $($group:ident: $($case:ident)+,)+) => {
        mod $name {
            #[allow(unused_imports)] // what a store's expression needs
            use super::*;

            $($(
                #[tokio::test]
                async fn $case() {
                    let (store, _keep) = $open;
                    $crate::conformance::$group::$case(&store).await;
                }
            )+)+
        }
    };
}

conformance!(model, (crate::model::Model::default(), ()));
conformance!(embedded, crate::embedded::open());
