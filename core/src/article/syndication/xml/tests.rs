use super::*;

fn items(text: &str) -> Vec<Item> {
    read(text).unwrap().items
}

#[test]
fn rss_2() {
    let document = read(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel><title>News</title>\
         <link>https://example.com/</link>\n<item><title>A &amp; B</title>\
         <link>https://example.com/a</link><guid isPermaLink=\"false\">7</guid>\
         <pubDate>Fri, 25 Sep 2015 17:35:27 GMT</pubDate><category>x</category>\
         <description>&lt;p&gt;short&lt;/p&gt;</description>\
         <content:encoded><![CDATA[<p>the whole</p>]]></content:encoded>\
         <media:title>other</media:title></item></channel></rss>",
    )
    .unwrap();
    assert_eq!(
        (&*document.title, &*document.home),
        ("News", "https://example.com/")
    );
    assert_eq!(document.damage, None);
    let item = &document.items[0];
    assert_eq!((item.line, &*item.title, &*item.guid), (3, "A & B", "7"));
    assert_eq!(item.summary.text, "<p>short</p>");
    assert_eq!(item.content.text, "<p>the whole</p>");
    assert_eq!(item.published.unwrap().to_string(), "2015-09-25T17:35:27Z");
    assert_eq!(item.tags, ["x"]);
}

#[test]
fn rdf_and_atom() {
    let rdf = items(
        "<rdf:RDF><channel><title>c</title></channel><item rdf:about=\"u\"><title>A</title>\
         <link>https://example.com/a</link><dc:date>2026-01-02T03:04:05+01:00</dc:date></item></rdf:RDF>",
    );
    assert_eq!((rdf.len(), &*rdf[0].title), (1, "A"));
    assert!(rdf[0].published.is_some());
    let atom = items(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title type=\"html\">A &lt;b&gt;</title>\
         <link rel=\"self\" href=\"https://example.com/self\"/><link href=\"https://example.com/a?x=1&amp;y=2\"/>\
         <id>urn:7</id><updated>2026-01-02T03:04:05Z</updated><category term=\"t\"/>\
         <content type=\"xhtml\"><div>a <b>1 &lt; 2</b><br/></div></content></entry></feed>",
    );
    let entry = &atom[0];
    assert_eq!(entry.link, "https://example.com/a?x=1&y=2");
    assert_eq!(entry.content.text, "<div>a <b>1 &lt; 2</b><br></br></div>");
    assert!(entry.content.is_html && entry.updated.is_some());
    assert_eq!(entry.tags, ["t"]);
}

#[test]
fn damaged_documents_are_read_as_far_as_they_go() {
    for (text, titles, what) in [
        (
            "<rss><channel><item><title>A</title><item><title>B</title></item></channel></rss>",
            vec!["A"],
            "not closed",
        ),
        (
            "<rss><channel><item><title>A</title></item><item><title>B",
            vec!["A", "B"],
            "ends within",
        ),
        (
            "<rss><channel><item><link>https://example.com/?a=1&b=2</link><title>A</title></item></channel></rss>",
            vec!["A"],
            "begins no reference",
        ),
        (
            "<rss><channel><item><title>A</titel></item></channel></rss>",
            vec!["A"],
            "closes nothing",
        ),
        (
            "<rss><channel><item><title>A</title></item></channel></rss><!-- open",
            vec!["A"],
            "",
        ),
    ] {
        let document = read(text).unwrap();
        let read: Vec<&str> = document.items.iter().map(|item| &*item.title).collect();
        assert_eq!(read, titles, "{text}");
        let (_, damage) = document.damage.expect(text);
        assert!(damage.contains(what), "{text}: {damage}");
    }
}

#[test]
fn a_permalink_is_a_link() {
    let read = items("<rss><item><guid>https://example.com/a</guid></item></rss>");
    assert_eq!(read[0].link, "https://example.com/a");
    let read =
        items("<rss><item><guid isPermaLink=\"false\">https://example.com/a</guid></item></rss>");
    assert_eq!(read[0].link, "");
}

#[test]
fn what_is_no_feed_is_named() {
    for (text, what) in [
        ("<html><body/></html>", "an HTML page"),
        ("<stix:STIX_Package/>", "<stix:STIX_Package>"),
    ] {
        match read(text) {
            Err(NoFeed::Other(found)) => assert!(found.contains(what), "{found}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(read("<!-- only -->"), Err(NoFeed::Cut { .. })));
}

#[test]
fn depth_is_bounded() {
    let deep = format!("<rss>{}", "<a>".repeat(100_000));
    let document = read(&deep).unwrap();
    assert!(document.damage.unwrap().1.contains("within each other"));
}
