use super::*;
use crate::article::heading::Section;
use crate::article::prose::Place;

#[test]
fn lists_tables_and_code_keep_their_places() {
    let prose = read_html(
        "<h2>IOCs</h2><ul><li>one<li>two</ul><table><tr><td>a<td>b</tr></table>\
         <pre>x  y\nz</pre><h2>More</h2><p>end",
    );
    assert_eq!(prose.text, "IOCs\none\ntwo\na | b\nx  y\nz\nMore\nend\n");
    let told: Vec<_> = prose
        .blocks
        .iter()
        .map(|block| (&prose.text[block.span.clone()], block.place, block.section))
        .collect();
    let ioc = Section::Indicators;
    assert_eq!(told[0], ("IOCs", Place::Heading(2), ioc));
    assert_eq!(told[1], ("one", Place::Item, ioc));
    assert_eq!(told[3], ("a", Place::Cell, ioc));
    assert_eq!(told[4], ("b", Place::Cell, ioc));
    assert_eq!(told[5], ("x  y", Place::Code, ioc));
    assert_eq!(told.last().unwrap().2, Section::Other);
}

#[test]
fn what_is_not_shown_is_not_read() {
    let prose = read_html(
        "<head><title>t</title></head><script>var a = '<p>no</p>';</script><style>x</style>\
         <nav>menu <a href=x>y</a></nav><!-- no --><p title='a > b'>1 &lt; 2 &amp; 3 < 4</p><bad",
    );
    assert_eq!(prose.text, "1 < 2 & 3 < 4\n");
    assert!(prose.links.is_empty());
}

#[test]
fn html_is_told_from_text() {
    for html in ["a <b>c</b>", "a &amp; b", "<p>", "x<br/>y"] {
        assert!(looks_like_html(html), "{html}");
    }
    for text in ["a < b", "1 & 2", "see <hxxp://x>", "", "<nosuch>"] {
        assert!(!looks_like_html(text), "{text}");
    }
}

#[test]
fn the_article_is_found_in_its_page() {
    let menu = "<li><a href=/x>Another story of the day</a></li>".repeat(60);
    let text =
        "<p>The loader writes its payload to disk and starts it at once, as before.</p>".repeat(8);
    let page = format!(
        "<html><body><div class=menu><ul>{menu}</ul></div><div id=page><div class='post-content'>\
         <h1>Title</h1>{text}</div><div class=sidebar><p>Subscribe to our newsletter, it is free.</p></div></div>\
         <footer>Imprint</footer></body></html>"
    );
    let found = main_text(&page).text;
    assert!(
        found.contains("The loader writes") && found.contains("Title"),
        "{found}"
    );
    assert!(
        !found.contains("Another story") && !found.contains("newsletter"),
        "{found}"
    );
    assert_eq!(main_text("<p>short</p>").text, "short\n");
    assert_eq!(main_text("").text, "");
}

#[test]
fn what_surrounds_an_article_is_left_out_wherever_it_stands() {
    let text =
        "<p>The loader writes its payload to disk and starts it at once, as before.</p>".repeat(8);
    let asides = "<div id=comments><p>See evil[.]example[.]net, it is the same.</p><div>and me</div></div>\
                  <ul class='related-posts'><li>Story of bad[.]example[.]net</ul>\
                  <section class=newsletter>Subscribe at ads[.]example[.]net</section>";
    let page = |class: &str| {
        format!(
            "<body><main><article class='{class}'><h1>Title</h1><div class=entry>{text}</div>{asides}\
             <p>C2: c2[.]example[.]org</article></main></body>"
        )
    };
    for class in ["post", "post has-sidebar"] {
        let found = main_text(&page(class)).text;
        assert!(found.contains("The loader"), "{class}: {found}");
        assert!(class != "post" || found.contains("c2["), "{found}");
        assert!(!found.contains("[.]example[.]net"), "{class}: {found}");
    }
    // A name that deceives.
    let page = format!("<body><main><div class=share-story>{text}</div><p>By Ada</main></body>");
    assert!(main_text(&page).text.contains("The loader"));
}
