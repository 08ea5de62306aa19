/**
 * What RE2 in Envoy 1.40 takes less of than re2js, which knows newer scripts, other spellings and all of Unicode. Seen by
 * asking an Envoy for every name that re2js has.
 */

const categories =
  'C P Z Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Zl Zp Zs'

const scripts = `
  Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki
  Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee
  Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra
  Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati
  Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited
  Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi
  Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian
  Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui
  Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari
  Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic
  Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage
  Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan
  Saurashtra Sharada Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri
  Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan
  Tifinagh Tirhuta Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square`

/** The names that `\p{...}` may hold, in this spelling. */
const classNames: ReadonlySet<string> = new Set(['Any', ...`${categories} ${scripts}`.split(/\s+/)])

/** Envoy compiles expressions of bytes: none is larger. */
const maxByte = 0xff

/** Quoted text, in which nothing is special, and escapes: of a class, of a number, of anything. */
const escapes = /\\Q[\s\S]*?(?:\\E|$)|\\[pP]\{\^?(?<name>[^}]*)\}|\\x\{(?<hex>[^}]*)\}|\\(?<octal>[0-7]{3})|\\[\s\S]/g

/** Why Envoy would not take an expression that re2js takes; undefined when it would. */
export function foreignPart(regex: string): string | undefined {
  for (const { 0: part, groups: { name, hex, octal } = {} } of regex.matchAll(escapes)) {
    if (name !== undefined && !classNames.has(name)) return `\`${part}\` is no class that Envoy knows`
    const isByte = Number.parseInt(hex ?? octal ?? '0', hex === undefined ? 8 : 16) <= maxByte
    if (!isByte) return `\`${part}\` is no byte, and Envoy matches bytes: write those of its UTF-8 form`
  }
  return undefined
}
